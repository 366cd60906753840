import IMAPCore
import NIOCore

extension IMAPConnection {
    /// Reads whole messages byte for byte, without marking them as read.
    ///
    /// The next command is on its way before the answer to the last one has been read. A message that is gone from the
    /// server simply does not come.
    ///
    /// - Parameter onMessage: is called for each message, in the server's order.
    /// - Returns: the messages that exist but that the server refuses to read.
    @discardableResult
    package nonisolated(nonsending) func fetchBodies(
        _ uids: [UInt32],
        onMessage: nonisolated(nonsending) (IMAPFetchedBody) async throws -> Void
    ) async throws -> [UInt32] {
        try requireMailbox()
        var progress = BodyProgress(outstanding: Set(uids.filter { $0 > 0 }))
        let ascending = progress.outstanding.sorted()
        let sets = stride(from: 0, to: ascending.count, by: 100).map {
            IMAPUIDSet(ascending[$0..<min($0 + 100, ascending.count)])
        }
        let refused = try await fetch(sets, command: IMAPCommand.fetchBodies) { fragment in
            try await take(fragment, &progress, onMessage: onMessage)
        }
        let again = progress.outstanding.filter { progress.skipped.contains($0) || refused.contains($0) }.sorted()
        return try await fetchSingly(again, command: IMAPCommand.fetchBodies) { uid, fragment in
            progress.only = uid
            try await take(fragment, &progress, onMessage: onMessage)
        }
    }

    private struct BodyProgress {
        /// The messages that have not come yet.
        var outstanding: Set<UInt32>
        /// The one message that is asked for, where it is one.
        var only: UInt32?
        /// A message of the response that is being read, which has not said yet which one it is.
        var nameless: Nameless?
        /// Messages that were too long to be held until the server said which ones they were.
        var skipped: Set<UInt32> = []

        enum Nameless {
            case held(ByteBuffer)
            case skipped
        }

        init(outstanding: Set<UInt32>) {
            self.outstanding = outstanding
        }
    }

    private nonisolated(nonsending) func take(
        _ fragment: IMAPFragment,
        _ progress: inout BodyProgress,
        onMessage: nonisolated(nonsending) (IMAPFetchedBody) async throws -> Void
    ) async throws {
        switch fragment {
        case .sectionBegan(.message, let length, let fetch):
            if let uid = fetch.uid ?? progress.only {
                if progress.outstanding.remove(uid) != nil {
                    try await handOver(uid, fetch, size: length, .streamed, onMessage: onMessage)
                } else {
                    _ = try await collectSection(limit: 0)
                }
            } else {
                let isHeld = length <= limits.literalLength
                let bytes = try await collectSection(limit: isHeld ? length : 0)
                progress.nameless = isHeld ? .held(bytes) : .skipped
            }
        case .sectionBegan: _ = try await collectSection(limit: 0)
        case .response(.fetch(let fetch)):
            var nameless = progress.nameless
            progress.nameless = nil
            guard let uid = fetch.uid ?? progress.only else { return }
            for part in fetch.sections where part.section == .message {
                nameless = part.bytes.map { .held($0) }
                if part.bytes == nil { progress.outstanding.remove(uid) }
            }
            switch nameless {
            case .held(let bytes):
                guard progress.outstanding.remove(uid) != nil else { return }
                let size = bytes.readableBytes
                try await handOver(uid, fetch, size: size, .held(bytes), onMessage: onMessage)
            case .skipped: progress.skipped.insert(uid)
            case nil: break
            }
        default: break
        }
    }

    private nonisolated(nonsending) func handOver(
        _ uid: UInt32,
        _ fetch: IMAPFetch,
        size: Int,
        _ source: BodyInTransit.Source,
        onMessage: nonisolated(nonsending) (IMAPFetchedBody) async throws -> Void
    ) async throws {
        let number = body.begin(source)
        let chunks = IMAPBodyChunks(source: self, number: number)
        try await onMessage(
            IMAPFetchedBody(
                uid: uid,
                size: size,
                internalDate: fetch.internalDate,
                flags: fetch.flags,
                chunks: chunks
            )
        )
        while try await nextChunk(ofBody: number) != nil {}
    }

    /// The next bytes of a message, or nil when it has ended or another one has begun.
    nonisolated(nonsending) func nextChunk(ofBody number: Int) async throws -> ByteBuffer? {
        guard number == body.number else { return nil }
        switch body.source {
        case .ended: return nil
        case .held(let bytes):
            body.source = .ended
            noteMail(bytes)
            return bytes
        case .streamed:
            if case .sectionBytes(let bytes) = try await nextFragment() {
                noteMail(bytes)
                return bytes
            }
            body.source = .ended
            return nil
        }
    }
}

/// Which message is being handed over and where its bytes come from.
struct BodyInTransit {
    enum Source {
        case streamed
        case held(ByteBuffer)
        case ended
    }

    private(set) var number = 0
    var source = Source.ended

    mutating func begin(_ source: Source) -> Int {
        number &+= 1
        self.source = source
        return number
    }
}
