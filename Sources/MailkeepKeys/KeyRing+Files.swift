import Crypto
package import FoundationEssentials

/// Keys on disk: `keys/master` and `keys/keyring` of a data directory, for their owner alone.
///
/// Where the master key is given from outside, there is no `keys/master`.
extension KeyRing {
    /// Makes new keys in `directory`, a data directory; they are durable when this returns.
    ///
    /// Throws `exists` where there is a keyring: overwriting it would lose everything that its keys seal. A master
    /// without one is what an interrupted call has left, and serves, unless a master key is given.
    package static func create(in directory: URL, master given: MasterKey? = nil) throws(KeyError) -> KeyRing {
        let folder = try KeyFolder.create(in: directory)
        guard !folder.holds(.keyring) else {
            let path = folder.path
            throw KeyError(.exists, "There are keys in \(path) already; they are not overwritten.", path: path)
        }
        let ring = KeyRing()
        let master: SymmetricKey
        if let given {
            try folder.remove(.master)
            master = given.key
        } else if folder.holds(.master) {
            master = try folder.readMaster(.master)
        } else {
            master = SymmetricKey(size: .bits256)
            try folder.write(master.hexLine, to: .master)
        }
        try folder.write(ring.wrapped(by: master), to: .keyring)
        return ring
    }

    /// Reads the keys of `directory`, a data directory.
    ///
    /// Refuses keys that others can reach, that are missing or damaged, each with words that say what to do. Finishes a
    /// change of the master that was interrupted, or that waited for the key that is given now.
    ///
    /// - Parameter master: the master key, where it is given from outside; nil where it is in a file.
    package static func open(in directory: URL, master: MasterKey? = nil) throws(KeyError) -> KeyRing {
        let folder = try KeyFolder(in: directory)
        guard let master else { return try openByFile(folder) }
        do {
            return try folder.readKeyring(.keyring, by: master.key)
        } catch  where error.code == .wrongMaster {
            guard folder.holds(.nextKeyring), let ring = try? folder.readKeyring(.nextKeyring, by: master.key) else {
                guard folder.holds(.master), (try? openByFile(folder)) != nil else { throw error }
                let path = folder.path(of: .master)
                throw KeyError(.masterInFile, "The master key in \(path) is in use, not the given one.", path: path)
            }
            // Whoever gave it has it: the former key may go, and the keyring under it at last.
            for file in [KeyFolder.File.master, .nextMaster] { try folder.remove(file) }
            try folder.rename(.nextKeyring, to: .keyring)
            return ring
        }
    }

    private static func openByFile(_ folder: KeyFolder) throws(KeyError) -> KeyRing {
        guard folder.holds(.master) || !folder.holds(.keyring) else {
            let path = folder.path(of: .master)
            throw KeyError(
                .missingMaster,
                "There is no master key at \(path). Give it, if it is kept elsewhere. Restore it otherwise.",
                path: path
            )
        }
        do {
            return try folder.readKeyring(.keyring, by: folder.readMaster(.master))
        } catch  where error.code == .wrongMaster && folder.holds(.nextMaster) {
            let ring = try folder.readKeyring(.keyring, by: folder.readMaster(.nextMaster))
            try folder.rename(.nextMaster, to: .master)
            return ring
        }
    }

    /// Puts a new master key, in the file `keys/master`, in place of the old one; all other keys stay.
    ///
    /// Interrupted anywhere, the keys can be opened: the new master is durable before the keyring is wrapped by it.
    ///
    /// - Parameters:
    ///   - master: the old one, where it is given from outside.
    ///   - afterStep: is called when each of the steps is durable.
    package static func rotateMaster(
        in directory: URL,
        master given: MasterKey? = nil,
        afterStep: () -> Void = {}
    ) throws(KeyError) {
        let ring = try open(in: directory, master: given)
        let folder = try KeyFolder(in: directory)
        let master = SymmetricKey(size: .bits256)
        try folder.remove(.nextKeyring)
        // What is given opens the keyring until that is wrapped anew, and no file has to.
        try folder.write(master.hexLine, to: given == nil ? .nextMaster : .master)
        afterStep()
        try folder.write(ring.wrapped(by: master), to: .keyring)
        afterStep()
        if given == nil { try folder.rename(.nextMaster, to: .master) }
        afterStep()
    }

    /// Prepares for another master key, which is given from outside from then on; all other keys stay.
    ///
    /// The former one goes on opening them until the keys are first opened with the new one: only then is it known that
    /// whoever gave it has kept it.
    ///
    /// - Parameter master: the old one, where that is given from outside.
    package static func prepareMaster(
        _ new: MasterKey,
        in directory: URL,
        master: MasterKey? = nil
    ) throws(KeyError) {
        let ring = try open(in: directory, master: master)
        let folder = try KeyFolder(in: directory)
        guard (try? folder.readKeyring(.keyring, by: new.key)) == nil else {
            throw KeyError(.sameMaster, "The new master key is the one in use.")
        }
        try folder.write(ring.wrapped(by: new.key), to: .nextKeyring)
    }

    /// Whether a master key that was prepared has not been given yet.
    package static func awaitsMaster(in directory: URL) throws(KeyError) -> Bool {
        try KeyFolder(in: directory).holds(.nextKeyring)
    }

    /// Whether there is a file with a master key.
    package static func hasMasterFile(in directory: URL) throws(KeyError) -> Bool {
        try KeyFolder(in: directory).holds(.master)
    }

    /// The key files of `directory` by their names, as they stand; they open together, with the master key that is given.
    package static func files(
        in directory: URL,
        master: MasterKey? = nil
    ) throws(KeyError) -> [(name: String, bytes: [UInt8])] {
        // Finishes a rotation that was interrupted.
        _ = try open(in: directory, master: master)
        let folder = try KeyFolder(in: directory)
        var files: [(name: String, bytes: [UInt8])] = []
        for file in master == nil ? [KeyFolder.File.master, .keyring] : [.keyring] {
            files.append((file.rawValue, try folder.read(file)))
        }
        return files
    }
}

extension KeyFolder {
    fileprivate func readKeyring(_ file: File, by master: SymmetricKey) throws(KeyError) -> KeyRing {
        try KeyRing(wrapped: read(file), by: master, path: path(of: file))
    }

    fileprivate func readMaster(_ file: File) throws(KeyError) -> SymmetricKey {
        guard let key = SymmetricKey(hexLine: try read(file)) else {
            throw KeyError(
                .damaged,
                "\(path(of: file)) does not hold a master key (64 hexadecimal digits). Restore it from your backup.",
                path: path(of: file)
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
        self.init(hexDigits: digits)
    }

    /// Reads 64 hexadecimal digits.
    init?(hexDigits digits: ArraySlice<UInt8>) {
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
