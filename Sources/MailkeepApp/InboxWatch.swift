package import Logging
import MailkeepModel
import MailkeepStore
import MailkeepSync
import ServiceLifecycle
import Synchronization

/// Waits for new mail in active users' inboxes, to have it read at once.
///
/// It keeps to a number of connections; the mailboxes beyond it, and those whose servers tell no news, are polled like
/// all.
package final class InboxWatch: Service {
    private let mailkeep: Mailkeep
    private let width: Int
    private let logger: Logger
    private let state = Mutex(State())

    private struct State {
        /// What may be watched, as of the last look.
        var current: Set<WatchedInbox> = []
        var watched: Set<UserID> = []
        /// Whose server broke off, how often in a row, and before when it is left alone.
        var broken: [UserID: (times: Int, until: Timestamp)] = [:]
    }

    private static let pause = Duration.seconds(5)
    /// How soon a watch notices that it is not to be.
    private static let checkPause = Duration.seconds(1)
    /// How long a server that broke off is left alone, at first and at most, in milliseconds.
    private static let firstRest: Int64 = 60_000
    private static let longestRest: Int64 = 6 * 3_600_000
    private static let widths = 0...10_000

    /// - Parameter width: how many inboxes to watch at the same time; 0 for none.
    /// - Throws: `AppError` (`badWatchedInboxes`).
    package init(mailkeep: Mailkeep, width: Int, logger: Logger) throws {
        guard Self.widths.contains(width) else { throw AppError(.badWatchedInboxes) }
        self.mailkeep = mailkeep
        self.width = width
        self.logger = logger
    }

    /// Watches until cancelled or shut down gracefully.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                while !Task.isCancelled {
                    for inbox in await self.nextInboxes() {
                        group.addTask { await self.watch(inbox) }
                    }
                    try? await Task.sleep(for: Self.pause)
                }
            }
        }
    }

    /// Inboxes to watch from now on.
    private func nextInboxes() async -> [WatchedInbox] {
        guard width > 0 else { return [] }
        let now = mailkeep.clock()
        let inboxes: [WatchedInbox]
        do {
            inboxes = try await mailkeep.store.read { try $0.inboxesToWatch() }
        } catch {
            logger.error("inboxes cannot be watched", metadata: ["error": "\(SyncFailure(error))"])
            return []
        }
        return state.withLock { state in
            state.current = Set(inboxes)
            let free = inboxes.filter { inbox in
                !state.watched.contains(inbox.user) && state.broken[inbox.user].map { $0.until <= now } ?? true
            }
            let next = Array(free.prefix(max(0, width - state.watched.count)))
            state.watched.formUnion(next.map(\.user))
            return next
        }
    }

    /// Watches an inbox until its server breaks off, or its settings or its user's status change.
    private func watch(_ inbox: WatchedInbox) async {
        var failure: SyncFailure?
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await self.mailkeep.sources.watchInbox(of: inbox.user) { try await self.synchronise(inbox) }
                }
                group.addTask {
                    while self.state.withLock({ $0.current.contains(inbox) }) {
                        try await Task.sleep(for: Self.checkPause)
                    }
                }
                defer { group.cancelAll() }
                try await group.next()
            }
        } catch is CancellationError {
        } catch {
            failure = SyncFailure(error)
            failure?.count()
        }
        let now = mailkeep.clock()
        let code = failure?.code.rawValue
        if let code { logger.info("an inbox is watched no more", metadata: ["failure": "\(code)"]) }
        state.withLock { state in
            state.watched.remove(inbox.user)
            guard failure != nil else {
                state.broken[inbox.user] = nil
                return
            }
            let times = (state.broken[inbox.user]?.times ?? 0) + 1
            let rest = min(Self.firstRest << min(times - 1, 20), Self.longestRest)
            state.broken[inbox.user] = (times, now.advanced(byMilliseconds: rest))
        }
    }

    private func synchronise(_ inbox: WatchedInbox) async throws {
        state.withLock { $0.broken[inbox.user] = nil }
        let now = mailkeep.clock()
        _ = try await mailkeep.store.write {
            try $0.insertJob(.synchronise, user: inbox.user, permissions: JobPermissions(), at: now)
        }
    }
}
