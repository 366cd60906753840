import Crypto
package import FoundationEssentials

/// Keys on disk: `keys/master` and `keys/keyring` of a data directory, for their owner alone.
extension KeyRing {
    /// Makes new keys in `directory`, a data directory; they are durable when this returns.
    ///
    /// Throws `exists` where there is a keyring: overwriting it would lose everything that its keys seal. A master
    /// without one is what an interrupted call has left, and serves.
    package static func create(in directory: URL) throws(KeyError) -> KeyRing {
        let folder = try KeyFolder.create(in: directory)
        guard !folder.holds(.keyring) else {
            throw KeyError(.exists, "There are keys in \(folder.path) already; they are not overwritten.")
        }
        let ring = KeyRing()
        var master = SymmetricKey(size: .bits256)
        if folder.holds(.master) {
            master = try folder.readMaster(.master)
        } else {
            try folder.write(master.hexLine, to: .master)
        }
        try folder.write(ring.wrapped(by: master), to: .keyring)
        return ring
    }

    /// Reads the keys of `directory`, a data directory.
    ///
    /// Refuses keys that others can reach, that are missing or damaged, each with words that say what to do.
    /// Finishes a rotation of the master that was interrupted.
    package static func open(in directory: URL) throws(KeyError) -> KeyRing {
        let folder = try KeyFolder(in: directory)
        let wrapped = try folder.read(.keyring)
        let path = folder.path(of: .keyring)
        do {
            return try KeyRing(wrapped: wrapped, by: folder.readMaster(.master), path: path)
        } catch  where error.code == .wrongMaster && folder.holds(.nextMaster) {
            let ring = try KeyRing(wrapped: wrapped, by: folder.readMaster(.nextMaster), path: path)
            try folder.rename(.nextMaster, to: .master)
            return ring
        }
    }

    /// Puts a new master key in place of the old one; all other keys stay.
    ///
    /// Interrupted anywhere, the keys can be opened: the new master is durable before the keyring is wrapped by it.
    ///
    /// - Parameter afterStep: is called when each of the three steps is durable.
    package static func rotateMaster(in directory: URL, afterStep: () -> Void = {}) throws(KeyError) {
        let ring = try open(in: directory)
        let folder = try KeyFolder(in: directory)
        let master = SymmetricKey(size: .bits256)
        try folder.write(master.hexLine, to: .nextMaster)
        afterStep()
        try folder.write(ring.wrapped(by: master), to: .keyring)
        afterStep()
        try folder.rename(.nextMaster, to: .master)
        afterStep()
    }

    /// The key files of `directory` by their names, as they stand; they open together.
    package static func files(in directory: URL) throws(KeyError) -> [(name: String, bytes: [UInt8])] {
        // Finishes a rotation that was interrupted.
        _ = try open(in: directory)
        let folder = try KeyFolder(in: directory)
        var files: [(name: String, bytes: [UInt8])] = []
        for file in [KeyFolder.File.master, .keyring] { files.append((file.rawValue, try folder.read(file))) }
        return files
    }
}

extension KeyFolder {
    fileprivate func readMaster(_ file: File) throws(KeyError) -> SymmetricKey {
        guard let key = SymmetricKey(hexLine: try read(file)) else {
            throw KeyError(
                .damaged,
                "\(path(of: file)) does not hold a master key (64 hexadecimal digits). Restore it from your backup."
            )
        }
        return key
    }
}

extension SymmetricKey {
    fileprivate var hexLine: [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        return withUnsafeBytes { $0.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] } } + [0x0a]
    }

    /// Reads 64 hexadecimal digits and an optional line end.
    fileprivate init?(hexLine: [UInt8]) {
        var digits = hexLine[...]
        if digits.last == 0x0a { digits.removeLast() }
        if digits.last == 0x0d { digits.removeLast() }
        let values = digits.compactMap(hexValue)
        guard values.count == 64, digits.count == 64 else { return nil }
        self.init(data: stride(from: 0, to: 64, by: 2).map { values[$0] << 4 | values[$0 + 1] })
    }
}

private func hexValue(_ digit: UInt8) -> UInt8? {
    switch digit {
    case 0x30...0x39: digit - 0x30
    case 0x61...0x66: digit - 0x61 + 10
    case 0x41...0x46: digit - 0x41 + 10
    default: nil
    }
}
