import IMAPCore
import NIOCore

extension IMAPConnection {
    /// Reads header fields and size of messages.
    ///
    /// - Parameters:
    ///   - uids: which messages; identifiers that do not exist cost nothing, so a range may be open upwards.
    ///   - fields: names of header fields; a field that a message lacks is left out of its header.
    ///   - onMessage: is called for each message that exists, in the server's order. The header shares its storage with
    ///     what was received around it: copy it to keep it.
    /// - Returns: the messages that exist but that the server refuses to read.
    @discardableResult
    package nonisolated(nonsending) func fetchHeaders(
        _ uids: [ClosedRange<UInt32>],
        fields: [String],
        onMessage: nonisolated(nonsending) (IMAPFetchedHeader) async throws -> Void
    ) async throws -> [UInt32] {
        try requireMailbox()
        let wanted = IMAPUIDSet(ranges: uids).clamped(to: 1...UInt32.max)
        guard !wanted.isEmpty, messageCount != 0 else { return [] }
        let items = identityItem.map { [$0] } ?? []
        let command = { IMAPCommand.fetchHeaders($0, fields: fields, items: items) }
        var progress = HeaderProgress(wanted: wanted)
        let refused = try await fetch(wanted.split(rangesPerSet: 200), command: command) { fragment in
            try await take(fragment, &progress, onMessage: onMessage)
        }
        guard !refused.isEmpty else { return [] }
        var missing: [UInt32] = []
        for range in refused.ranges {
            missing += try await self.uids(in: range).filter { !progress.delivered.contains($0) }
        }
        return try await fetchSingly(missing, command: command) { _, fragment in
            try await take(fragment, &progress, onMessage: onMessage)
        }
    }

    /// What names a message in every mailbox that holds it.
    private var identityItem: String? {
        if capabilities.contains("OBJECTID") { return "EMAILID" }
        return capabilities.contains("X-GM-EXT-1") ? "X-GM-MSGID" : nil
    }

    private struct HeaderProgress {
        let wanted: IMAPUIDSet
        var delivered: Set<UInt32> = []
        /// The header of the response that is being read.
        var header: (bytes: ByteBuffer, isTruncated: Bool)?
    }

    private nonisolated(nonsending) func take(
        _ fragment: IMAPFragment,
        _ progress: inout HeaderProgress,
        onMessage: nonisolated(nonsending) (IMAPFetchedHeader) async throws -> Void
    ) async throws {
        switch fragment {
        case .sectionBegan(.header, let length, _):
            progress.header = (try await collectSection(limit: limits.headerLength), length > limits.headerLength)
        case .sectionBegan: _ = try await collectSection(limit: 0)
        case .response(.fetch(let fetch)):
            var header = progress.header
            progress.header = nil
            for part in fetch.sections where part.section == .header {
                header = part.bytes.map { ($0, false) }
            }
            guard let header, let uid = fetch.uid, progress.wanted.contains(uid),
                progress.delivered.insert(uid).inserted
            else { return }
            noteMail(header.bytes)
            let size = fetch.size ?? 0
            let isMissing = size > limits.headerLength && header.bytes.readableBytesView.allSatisfy { $0 <= 0x20 }
            try await onMessage(
                IMAPFetchedHeader(
                    uid: uid,
                    size: size,
                    header: header.bytes,
                    isTruncated: header.isTruncated || isMissing,
                    emailID: fetch.emailID ?? fetch.gmailMessageID.map(String.init)
                )
            )
        default: break
        }
    }

    /// The identifiers of the messages that exist now, ascending.
    ///
    /// With `ESEARCH` (RFC 4731) the answer is one line of ranges; otherwise, or where that line stays away or cannot be
    /// read, it is a line for each message, as servers are known to cut off the answers of a plain `SEARCH`.
    package nonisolated(nonsending) func uids(in range: ClosedRange<UInt32>) async throws -> [UInt32] {
        try requireMailbox()
        let wanted = IMAPUIDSet(ranges: [range]).clamped(to: 1...UInt32.max)
        guard !wanted.isEmpty, messageCount != 0 else { return [] }
        if offers("ESEARCH"), let found = try await uids(in: wanted, usesSearch: true) { return found }
        return try await uids(in: wanted, usesSearch: false) ?? []
    }

    /// - Returns: nil where a search was not answered, or not in a way that can be read.
    private nonisolated(nonsending) func uids(in wanted: IMAPUIDSet, usesSearch: Bool) async throws -> [UInt32]? {
        var found: [ClosedRange<UInt32>] = []
        var count: UInt64 = 0
        var isAnswered = !usesSearch
        var isReadable = true
        func add(_ set: IMAPUIDSet) throws {
            for bounds in wanted.ranges {
                let part = set.clamped(to: bounds)
                count += part.count
                found.append(contentsOf: part.ranges)
            }
            guard count <= UInt64(clamping: limits.messages) else {
                throw IMAPError(.limitExceeded, "the mailbox holds too many messages")
            }
        }
        let command = usesSearch ? IMAPCommand.searchUIDs : IMAPCommand.fetchUIDs
        let refused = try await fetch([wanted], isAskedAgain: false, command: command) {
            switch $0 {
            case .response(.search(let set)) where usesSearch:
                isAnswered = true
                try add(set)
            case .response(.unparsed) where usesSearch: isReadable = false
            case .response(.fetch(let fetch)):
                if !usesSearch, let uid = fetch.uid { try add(IMAPUIDSet([uid])) }
            case .sectionBegan: _ = try await collectSection(limit: 0)
            default: break
            }
        }
        if refused.isEmpty, !isAnswered || !isReadable { return nil }
        guard refused.isEmpty else {
            throw IMAPError(.commandRefused, "the server does not say which messages there are")
        }
        return IMAPUIDSet(ranges: found).ranges.flatMap(Array.init)
    }
}
