import Logging

extension Synchroniser {
    /// Where further connections come from.
    struct Team: Sendable {
        let source: any MailSource
        let logger: Logger
    }

    /// Fewer mails than this are not worth a further connection.
    private static let worthAConnection = 100

    /// Opens a connection and names what it broke off at.
    nonisolated(nonsending) func withWorker(
        on source: any MailSource,
        _ run: SynchronisationRun,
        _ body: nonisolated(nonsending) (SyncWorker) async throws -> Void
    ) async throws {
        do {
            try await source.withSession { session in
                let worker = SyncWorker(session: session, run: run, dailyBytes: source.dailyBytes)
                do {
                    try await body(worker)
                } catch  where SyncFailure.isOfTheMailbox(error) {
                    let place = SyncFailure.asksToWait(error) ? nil : worker.underway
                    throw BrokenOff(failure: SyncFailure(error), place: place)
                }
            }
        } catch  where SyncFailure.isOfTheMailbox(error) {
            throw BrokenOff(failure: SyncFailure(error), place: nil)
        }
    }

    /// Works off a list, with further connections where there is enough to do for them.
    ///
    /// Where one fails the others end what they are at, so that what they read is kept.
    ///
    /// - Parameter weight: about how many mails there are to read in all.
    nonisolated(nonsending) func share<Item: Sendable>(
        _ items: [Item],
        by worker: SyncWorker,
        _ team: Team,
        weight: Int,
        preferring suits: @escaping @Sendable (Item, SyncWorker) -> Bool = { _, _ in false },
        _ perform: nonisolated(nonsending) @escaping @Sendable (Item, SyncWorker) async throws -> Void
    ) async throws {
        let list = WorkList(items)
        let helpers = max(0, min(worker.run.width, items.count, weight / Self.worthAConnection + 1) - 1)
        let run = worker.run
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<helpers {
                group.addTask { try await help(with: list, team, run, suits, perform) }
            }
            var failure: (any Error)?
            do {
                try await workOff(list, worker, suits, perform)
            } catch {
                list.stop()
                failure = error
            }
            while let result = await group.nextResult() {
                if case .failure(let error) = result, failure == nil || failure is CancellationError { failure = error }
            }
            if let failure { throw failure }
        }
    }

    private nonisolated(nonsending) func workOff<Item: Sendable>(
        _ list: WorkList<Item>,
        _ worker: SyncWorker,
        _ suits: @Sendable (Item, SyncWorker) -> Bool,
        _ perform: nonisolated(nonsending) @Sendable (Item, SyncWorker) async throws -> Void
    ) async throws {
        while let item = list.take(preferring: { suits($0, worker) }) {
            try Task.checkCancellation()
            try await perform(item, worker)
        }
        worker.underway = nil
    }

    /// What a further connection does; that there is none to be had is no failure.
    private nonisolated(nonsending) func help<Item: Sendable>(
        with list: WorkList<Item>,
        _ team: Team,
        _ run: SynchronisationRun,
        _ suits: @Sendable (Item, SyncWorker) -> Bool,
        _ perform: nonisolated(nonsending) @Sendable (Item, SyncWorker) async throws -> Void
    ) async throws {
        var isConnected = false
        do {
            try await withWorker(on: team.source, run) { worker in
                isConnected = true
                try await workOff(list, worker, suits, perform)
            }
        } catch let broken as BrokenOff where !isConnected {
            run.narrows()
            team.logger.info(
                "the mail server allows no further connection",
                metadata: ["failure": "\(broken.failure.code.rawValue)"]
            )
        } catch {
            list.stop()
            throw error
        }
    }
}
