import IMAPCore
import NIOCore

extension IMAPConnection {
    /// Asks for messages set by set, two commands ahead, and goes on where the server cut an answer short (RFC 9738).
    ///
    /// - Parameter isAskedAgain: whether what is refused will be asked for alone, so that a refusal for now may pass.
    /// - Returns: what was asked for in commands that were answered with a plain `NO`. Servers do that to a whole
    ///   command because of one message.
    nonisolated(nonsending) func fetch(
        _ sets: [IMAPUIDSet],
        isAskedAgain: Bool = true,
        command: (IMAPUIDSet) -> IMAPCommand,
        onFragment: nonisolated(nonsending) (IMAPFragment) async throws -> Void
    ) async throws -> IMAPUIDSet {
        var pending = sets
        var refused: [ClosedRange<UInt32>] = []
        while !pending.isEmpty {
            let asked = pending
            let commands = asked.map(command)
            pending = []
            try await pipeline(commands, onFragment: onFragment) { index, status in
                if let left = try asked[index].left(after: status) {
                    if !left.isEmpty { pending.append(left) }
                } else if status.condition != .ok {
                    try Self.tolerate(commands[index], status, evenForNow: isAskedAgain)
                    refused.append(contentsOf: asked[index].ranges)
                }
            }
        }
        return IMAPUIDSet(ranges: refused)
    }

    /// Asks for messages one by one, so that one that the server cannot read does not hide the others.
    ///
    /// - Returns: those that the server refuses also alone.
    nonisolated(nonsending) func fetchSingly(
        _ uids: [UInt32],
        command: (IMAPUIDSet) -> IMAPCommand,
        onFragment: nonisolated(nonsending) (UInt32, IMAPFragment) async throws -> Void
    ) async throws -> [UInt32] {
        var refused: [UInt32] = []
        for uid in uids {
            let command = command(IMAPUIDSet([uid]))
            var refusal: IMAPStatus?
            try await pipeline([command]) { fragment in
                try await onFragment(uid, fragment)
            } onEnd: { _, status in
                if status.condition != .ok { refusal = status }
            }
            if let refusal {
                try Self.tolerate(command, refusal)
                refused.append(uid)
            }
        }
        return refused
    }

    /// Reads the rest of a section and keeps its beginning.
    ///
    /// - Returns: at most `limit` bytes, without a copy where they came in one piece.
    nonisolated(nonsending) func collectSection(limit: Int) async throws -> ByteBuffer {
        var collected = ByteBuffer()
        while case .sectionBytes(var bytes) = try await nextFragment() {
            guard collected.readableBytes < limit,
                let part = bytes.readSlice(
                    length: min(bytes.readableBytes, limit - collected.readableBytes)
                )
            else { continue }
            if collected.readableBytes == 0 { collected = part } else { collected.writeImmutableBuffer(part) }
        }
        return collected
    }

    /// Throws unless a mailbox is open.
    func requireMailbox() throws {
        guard messageCount != nil else { throw IMAPError(.invalidArgument, "no mailbox is open") }
    }

    /// Throws what is more than the refusal of some messages.
    private static func tolerate(_ command: IMAPCommand, _ status: IMAPStatus, evenForNow: Bool = false) throws {
        let refusal = IMAPError(refusing: command, status)
        let isTolerable = refusal.code == .commandRefused || evenForNow && refusal.code == .busy
        guard status.condition == .no, isTolerable else { throw refusal }
    }
}

extension IMAPUIDSet {
    /// What a server that works downwards and stopped early has left to do; nil where it did not stop.
    fileprivate func left(after status: IMAPStatus) throws -> IMAPUIDSet? {
        guard case .messageLimit(let uid) = status.code else { return nil }
        let left = uid > 1 ? clamped(to: 1...(uid - 1)) : IMAPUIDSet()
        guard left.count < count else {
            throw IMAPError(.invalidResponse, "the server limits the messages but does not come forward")
        }
        return left
    }
}
