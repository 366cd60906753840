package import MailkeepModel
import MailkeepStore
import MailkeepSync

extension Mailkeep {
    /// Messages that are removed in one transaction.
    private static let removedAtATime = 100
    /// Milliseconds from one retention run to the next.
    private static let day: Int64 = 86_400_000

    /// Begins the day's retention run, where one is due.
    func requestRetention() async throws {
        let now = clock()
        let setting = try await store.read { transaction -> RetentionSetting? in
            guard let setting = try transaction.retention() else { return nil }
            let last = try transaction.lastRetention()
            return last.map { $0.advanced(byMilliseconds: Self.day) > now } == true ? nil : setting
        }
        guard let setting else { return }
        try await store.write { transaction in
            _ = try transaction.beginRetention(cutoff: setting.cutoff(at: now), by: setting.setBy, at: now)
        }
    }

    /// Works on retention runs and erasures, batch by batch, until none is left that can go on.
    ///
    /// Each batch is a transaction that can be done again, so that a crash leaves nothing half removed.
    package func finishRemovals() async throws {
        for removal in try await store.read({ try $0.pendingRemovals() }) {
            switch removal.kind {
            case .retention: try await expire(removal)
            case .erasure: try await erase(removal)
            }
        }
    }

    /// How a removal stands; nil where there is none.
    package func progress(of removal: RemovalID) async throws -> RemovalProgress? {
        try await store.read { try $0.removal(removal) }.map { details in
            RemovalProgress(
                hasEnded: details.endedAt != nil,
                messages: details.messages,
                bytes: details.bytes,
                held: details.kept,
                left: details.left
            )
        }
    }

    private func expire(_ removal: RemovalDetails) async throws {
        var position: RetentionPosition?
        repeat {
            let after = position
            position = try await store.write {
                try $0.removeExpired(removal, after: after, limit: Self.removedAtATime)
            }
            try Task.checkCancellation()
        } while position != nil
        try await end(removal)
    }

    private func erase(_ removal: RemovalDetails) async throws {
        let now = clock()
        while try await store.write({ try $0.eraseSome(removal, limit: Self.removedAtATime, at: now) }) > 0 {
            try Task.checkCancellation()
        }
        // What a backup is taking waits for its end.
        guard try await progress(of: removal.id)?.left == 0 else { return }
        try await end(removal)
        try await store.truncateLog()
    }

    /// Ends a removal, with its audit entry; a retention run that found nothing has none.
    private func end(_ removal: RemovalDetails) async throws {
        let now = clock()
        try await store.write { transaction in
            guard try transaction.endRemoval(removal.id, at: now), let done = try transaction.removal(removal.id),
                done.kind == .erasure || done.messages > 0
            else { return }
            try transaction.appendAudit(AuditEntry(endOf: done, at: now))
        }
    }
}

/// How far a retention run or an erasure has come.
package struct RemovalProgress: Sendable, Equatable {
    package var hasEnded: Bool
    /// Messages that were removed, and their raw bytes.
    package var messages: Int
    package var bytes: Int64
    /// Messages that a legal hold came to cover before it was their turn.
    package var held: Int
    /// Messages that are still to be erased.
    package var left: Int
}

extension AuditEntry {
    fileprivate init(endOf removal: RemovalDetails, at now: Timestamp) {
        var details = ["messages": "\(removal.messages)", "bytes": "\(removal.bytes)"]
        switch removal.kind {
        case .retention: details["cutoff"] = removal.cutoff?.iso8601
        case .erasure:
            details["not_stored"] = "\(removal.unread)"
            details["held"] = "\(removal.kept)"
        }
        let isRetention = removal.kind == .retention
        self.init(
            AuditedAction(
                name: isRetention ? "retention.end" : "erase.end",
                target: "removal/\(removal.id)",
                details: details
            ),
            by: Caller(user: removal.requestedBy, origin: "job", request: "removal-\(removal.id)"),
            at: now
        )
    }
}
