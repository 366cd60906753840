package import FoundationEssentials

/// Keeps raw mail by its content: append-only, compressed, sealed.
///
/// All calls block on files for as long as the disk takes (mostly microseconds, since only `sync` waits for it). Call
/// them from the caller's own executor or thread; any thread may call, also at the same time.
package protocol Vault: Sendable {
    /// What takes one message's bytes; several may be open at once.
    ///
    /// - Parameter isAnew: stores what is stored as well, in another place, as where that is damaged.
    func makeWriter(isAnew: Bool) throws -> any VaultWriter

    /// Returns when everything that was appended before the call is durable.
    ///
    /// Bytes must be durable before a row of the database names them. A failure poisons the vault: every later call
    /// throws `poisoned`, as the operating system forgets which bytes it failed to write.
    func sync() throws

    /// Reads the content `id` at `location` in chunks of about 1 MiB.
    ///
    /// Every chunk is authentic when it is handed out; that all of them together are the content that `id` names is
    /// known when the call returns. Throws `missing` or `damaged`, and what `onChunk` throws.
    func read(
        _ id: VaultEntryID,
        at location: VaultLocation,
        _ onChunk: (UnsafeRawBufferPointer) throws -> Void
    ) throws

    /// Begins to read an entry at the caller's own pace; throws as `read` does.
    func makeReader(_ id: VaultEntryID, at location: VaultLocation) throws -> any VaultReader

    /// Opens every entry but dictionaries, in the order of writing, and tells what it found: to verify, or to rebuild the
    /// index.
    ///
    /// Damage is told, not thrown. What is appended meanwhile is left out.
    func scan(_ onEntry: (ScannedEntry) throws -> Void) throws
}

/// Gives the bytes of one entry.
///
/// For one task at a time.
package protocol VaultReader: AnyObject {
    /// The next piece, about 1 MiB at most; nil after the last. Throws `damaged`, also instead of nil where all pieces together
    /// are not what the id names.
    func next() throws -> Data?
}

/// Takes the bytes of one message.
package protocol VaultWriter: AnyObject, Sendable {
    /// Appends to the message; the bytes are copied.
    ///
    /// Where it throws, the message is dropped.
    func write(_ bytes: UnsafeRawBufferPointer) throws

    /// Ends the message and appends it to the vault, unless the vault holds the same content.
    ///
    /// Where the index names the content, its location there is answered, with `isNew` false. The content is durable only
    /// after the vault's next `sync`, whether new or not.
    ///
    /// A writer that is let go of before drops its message.
    func finish() throws -> StoredContent
}

extension VaultWriter {
    /// Appends to the message.
    package func write(_ bytes: some ContiguousBytes) throws {
        try bytes.withUnsafeBytes { try write($0) }
    }
}

extension Vault {
    package func makeWriter() throws -> any VaultWriter { try makeWriter(isAnew: false) }

    /// Reads an entry as a whole; throws `tooLarge` where it has more than `limit` bytes.
    package func readAll(_ id: VaultEntryID, at location: VaultLocation, limit: Int) throws -> Data {
        var data = Data()
        try read(id, at: location) { chunk in
            guard chunk.count <= limit - data.count else {
                throw VaultError(.tooLarge, "The content is larger than \(limit) bytes.", location: location)
            }
            data.append(contentsOf: chunk)
        }
        return data
    }

    /// Stores bytes that are in memory already.
    package func store(_ bytes: some ContiguousBytes) throws -> StoredContent {
        let writer = try makeWriter()
        try writer.write(bytes)
        return try writer.finish()
    }
}
