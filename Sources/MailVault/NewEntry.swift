/// An entry that is to be appended, but for its last frame.
struct NewEntry {
    let kind: EntryHeader.Kind
    /// How many bytes the content has.
    var contentLength: Int64 = 0
    /// The frames before the last.
    var spool: Spool?
    let salt = (0..<2).flatMap { _ in withUnsafeBytes(of: UInt64.random(in: .min ... .max)) { Array($0) } }
}

/// Frames that wait in a file without a name.
struct Spool {
    let file: OpenFile
    var length: Int64 = 0
    var frameCount = 0

    func copy(to file: OpenFile, at offset: Int64) throws(VaultError) {
        var done: Int64 = 0
        while done < length {
            let bytes = try self.file.read(at: done, count: Int(min(length - done, 1 << 20)))
            guard !bytes.isEmpty else { throw VaultError(.ioFailed, "A message's file was cut.") }
            try file.write(bytes, at: offset + done)
            done += Int64(bytes.count)
        }
    }
}
