import Crypto
import Synchronization

/// The dictionaries that segments begin with.
extension SegmentVault {
    /// Takes up the dictionary of the last segment, or begins to collect what one is trained on.
    func openDictionary() throws(VaultError) {
        let (segment, file) = tail.withLock { ($0.segment, $0.file) }
        do {
            if let file, let header = try Self.dictionaryHeader(in: file),
                let dictionary = try dictionary(of: segment, in: file)
            {
                let start = Int64(SegmentHeader.length) + header.entryLength
                tail.withLock { tail in
                    tail.dictionary = dictionary
                    tail.start = start
                }
            }
        } catch let error as VaultError where error.code == .damaged {
            // It stays as it is: the next segment begins anew.
            tail.withLock { $0.file = nil }
        } catch let error as VaultError {
            throw error
        } catch {
            throw VaultError(.ioFailed, "The vault's dictionary cannot be read.")
        }
        let dictionary = tail.withLock { $0.dictionary }
        if isDue(dictionary, in: segment + 1) { samples.withLock { $0 = DictionarySamples() } }
    }

    /// The dictionary that a segment begins with; nil where it has none.
    ///
    /// Where it is damaged there, another segment may begin with the same.
    func dictionary(of segment: Int64, in file: OpenFile) throws -> SegmentDictionary? {
        if let known = dictionaries.withLock({ $0[segment] }) { return known }
        guard let header = try Self.dictionaryHeader(in: file) else { return nil }
        var failure: VaultError?
        let others = try directory.segments().filter { $0 != segment }.sorted { abs($0 - segment) < abs($1 - segment) }
        for candidate in [segment] + others {
            do {
                let file = candidate == segment ? file : try readableSegment(candidate)
                guard try Self.dictionaryHeader(in: file)?.id == header.id else { continue }
                let dictionary = try readDictionary(in: file, segment: candidate)
                dictionaries.withLock { known in
                    if known.count >= 64 { known.removeAll() }
                    known[segment] = dictionary
                }
                return dictionary
            } catch let error as VaultError where [.damaged, .missing].contains(error.code) {
                failure = failure ?? error
            }
        }
        throw failure ?? VaultError(.damaged, "A dictionary is not what was written.")
    }

    private static func dictionaryHeader(in file: OpenFile) throws(VaultError) -> EntryHeader? {
        let bytes = try file.read(at: Int64(SegmentHeader.length), count: EntryHeader.length)
        return EntryHeader(bytes).flatMap { $0.kind == .dictionary ? $0 : nil }
    }

    private func readDictionary(in file: OpenFile, segment: Int64) throws -> SegmentDictionary {
        guard let header = try Self.dictionaryHeader(in: file) else {
            throw VaultError(.missing, "There is no dictionary.")
        }
        let location = VaultLocation(
            segment: segment,
            offset: Int64(SegmentHeader.length),
            length: header.entryLength
        )
        var content: [UInt8] = []
        var reader = ContentReader(
            try EntryReader(header.id, in: file, at: location, frames: frames, keys: keys),
            at: location
        ) { _ in throw VaultError(.damaged, "A dictionary has no parts.") }
        while !reader.isAtEnd { try reader.next { content.append(contentsOf: $0) } }
        guard let dictionary = SegmentDictionary(content, id: header.id) else {
            throw VaultError(.damaged, "A dictionary is not what was written.", location: location)
        }
        return dictionary
    }

    /// Whether a new dictionary should be trained for a segment: the first one, and again when the vault has doubled.
    func isDue(_ dictionary: SegmentDictionary?, in segment: Int64) -> Bool {
        guard let dictionary else { return true }
        return segment / 2 >= dictionary.trainedIn
    }

    /// Collects mail for the next dictionary.
    func learn(from content: UnsafeRawBufferPointer, of id: VaultEntryID) {
        samples.withLock { $0?.add(content, of: id) }
    }

    /// Begins a segment with the first dictionary, once enough was collected for one.
    func beginFirstDictionary() throws {
        let (segment, hasDictionary) = tail.withLock { ($0.segment, $0.dictionary != nil) }
        guard !hasDictionary, let dictionary = train(in: segment + 1) else { return }
        try rollOver(from: segment, dictionary)
    }

    /// A dictionary of what was collected; nil where that is not enough.
    func train(in segment: Int64) -> SegmentDictionary? {
        let complete = samples.withLock { samples -> DictionarySamples? in
            guard let complete = samples, complete.isComplete else { return nil }
            samples = nil
            return complete
        }
        guard let complete, let content = SegmentDictionary.train(on: complete, in: segment) else { return nil }
        let id = try? id(sha256: Array(SHA256.hash(data: content)))
        return id.flatMap { SegmentDictionary(content, id: $0) }
    }

    /// The entry that a segment begins with.
    func dictionaryEntry(_ dictionary: SegmentDictionary) throws -> [UInt8] {
        let entry = NewEntry(kind: .dictionary)
        let buffer = frames.takeBuffer()
        defer { frames.giveBack(buffer) }
        try dictionary.content.withUnsafeBytes { content in
            try frames.pack(content, nil) { packed in
                let header = EntryHeader(
                    kind: .dictionary,
                    id: dictionary.id,
                    contentLength: Int64(content.count),
                    framesLength: Int64(packed.frameLength),
                    salt: entry.salt
                )
                buffer.bytes += header.encodedWithChecksum
                try frames.seal(packed, salt: entry.salt, index: 0, header: header, to: buffer)
            }
        }
        return Array(buffer.bytes)
    }
}
