import Foundation
import Logging
import MailkeepModel
import MailkeepStore
import TestSupport
import Testing

@testable import MailkeepSync

@Suite("Jobs whose mail server asks to wait (design decision 34)", .timeLimit(.minutes(2)))
struct RestingJobTests {
    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    private static let slow = "NO [THROTTLED] slow down"

    /// A workplace whose mailbox lies on a server of this machine.
    private static func withMailbox(
        synchronised: Bool,
        _ body: @escaping @Sendable (SyncWorkplace, MailboxIMAPServer) async throws -> Void
    ) async throws {
        let work = try await SyncWorkplace()
        let mails = [UInt32(1): Array(SyncWorkplace.mail("1").utf8), 2: Array(SyncWorkplace.mail("2").utf8)]
        try await withMailboxIMAPServer([.init(name: "INBOX", mails: mails)]) { server in
            try await work.settle(port: server.port)
            if synchronised {
                try await Self.askForSynchronisation(work)
                #expect(try await work.runner().runNext(logger: Self.logger))
                #expect(try await work.coveredUntil != nil)
            }
            try await body(work, server)
        }
    }

    @discardableResult
    private static func askForSynchronisation(_ work: SyncWorkplace) async throws -> JobID {
        try await work.store.write { [now = work.lastRun, owner = work.owner] in
            try $0.insertJob(.synchronise, user: owner, permissions: JobPermissions(), at: now)
        }
    }

    private static func askForBackup(_ work: SyncWorkplace) async throws -> BackupID {
        try await work.store.write { [now = work.lastRun, owner = work.owner] transaction in
            try transaction.deactivate(owner, at: now)
            return try transaction.insertBackup(
                of: owner,
                kind: .first,
                addon: try #require(try transaction.mailAddon(of: owner)),
                requestedBy: owner,
                permissions: JobPermissions(),
                at: now
            )
        }
    }

    private static func details(_ id: BackupID, _ work: SyncWorkplace) async throws -> BackupDetails {
        try #require(try await work.store.read { try $0.backup(id) })
    }

    @Test("A backup rests, also where all was synchronised before, and is whole once it goes on (B10)")
    func backupRests() async throws {
        try await Self.withMailbox(synchronised: true) { work, server in
            server.deliver(SyncWorkplace.mail("3"))
            server.refuse(Self.slow, "LIST")
            let id = try await Self.askForBackup(work)
            #expect(try await work.runner().runNext(logger: Self.logger))
            var backup = try await Self.details(id, work)
            let until = work.lastRun.advanced(byMilliseconds: 15 * 60_000)
            #expect(backup.status == .inProgress && backup.error == "throttled")
            #expect(backup.errorDetail == until.iso8601)

            server.refuseNothing()
            work.advance(minutes: 14)
            #expect(try await work.runner().runNext(logger: Self.logger) == false)
            work.advance(minutes: 1)
            #expect(try await work.runner().runNext(logger: Self.logger))
            backup = try await Self.details(id, work)
            #expect(backup.status == .completed && backup.error == nil && backup.origin == .mailbox)
            #expect(backup.messages == 3)
        }
    }

    @Test(
        "A backup that rested for a week without coming further ends with what was synchronised, or fails (B10)",
        arguments: [true, false]
    )
    func stalls(synchronised: Bool) async throws {
        try await Self.withMailbox(synchronised: synchronised) { work, server in
            server.refuse(Self.slow, "LIST")
            let id = try await Self.askForBackup(work)
            let begin = work.lastRun
            var backup = try await Self.details(id, work)
            while backup.status.isPending, work.lastRun < begin.advanced(byMilliseconds: 30 * 86_400_000) {
                #expect(try await work.runner().runNext(logger: Self.logger))
                backup = try await Self.details(id, work)
                let job = try #require(try await work.store.read { try $0.job(of: id) })
                let now = work.lastRun
                if let until = try await work.store.read({ try $0.jobState(job)?.restsUntil(at: now) }) {
                    work.advance(minutes: (until.rawValue - now.rawValue) / 60_000)
                }
            }
            let days = (work.lastRun.rawValue - begin.rawValue) / 86_400_000
            #expect(days == 7)
            #expect(backup.status == (synchronised ? .completed : .failed) && backup.error == "stalled")
            #expect(backup.origin == (synchronised ? .synchronised : nil) && backup.messages == (synchronised ? 2 : 0))
        }
    }

    @Test("A job that comes further each time rests as often as it must, each time as if for the first time")
    func comesFurther() async throws {
        try await Self.withMailbox(synchronised: false) { work, server in
            server.refuse(Self.slow, "BODY.PEEK[]")
            let id = try await Self.askForBackup(work)
            for number in 3..<43 {
                #expect(try await work.runner().runNext(logger: Self.logger))
                let backup = try await Self.details(id, work)
                try #require(backup.status == .inProgress)
                #expect(backup.errorDetail == work.lastRun.advanced(byMilliseconds: 15 * 60_000).iso8601)
                work.advance(minutes: 12 * 60)
                server.deliver(SyncWorkplace.mail("\(number)"))
            }
            server.refuseNothing()
            #expect(try await work.runner().runNext(logger: Self.logger))
            let backup = try await Self.details(id, work)
            #expect(backup.status == .completed && backup.messages == 42)
        }
    }

    @Test("Why a synchronisation rests is told, nobody asks for it again meanwhile, and new settings are tried at once")
    func synchronisationRests() async throws {
        try await Self.withMailbox(synchronised: true) { work, server in
            let error = { try await work.store.read { try $0.lastSynchronisationError(of: work.owner)?.code } }
            server.refuse(Self.slow, "LIST")
            let job = try await Self.askForSynchronisation(work)
            #expect(try await work.runner().runNext(logger: Self.logger))
            #expect(try await error() == "throttled")
            work.advance(minutes: 10)
            let due = try await work.store.read { [now = work.lastRun] in try $0.usersToSynchronise(every: 1, at: now) }
            #expect(due.isEmpty)
            #expect(try await Self.askForSynchronisation(work) == job)
            #expect(try await work.runner().runNext(logger: Self.logger) == false)

            server.refuseNothing()
            try await work.settle(port: server.port)
            #expect(try await error() == nil)
            #expect(try await work.runner().runNext(logger: Self.logger))
            #expect(try await work.store.read { try $0.jobState(job)?.state } == .done)
        }
    }

    @Test("A backup that rests goes on at once with another source (L9)")
    func anotherSource() async throws {
        try await Self.withMailbox(synchronised: false) { work, server in
            server.refuse(Self.slow, "LIST")
            let id = try await Self.askForBackup(work)
            #expect(try await work.runner().runNext(logger: Self.logger))
            #expect(try await work.runner().runNext(logger: Self.logger) == false)
            server.refuseNothing()
            try await work.store.write { [now = work.lastRun, owner = work.owner] transaction in
                let source = BackupSource(
                    path: nil,
                    server: MailServer(host: "127.0.0.1", port: server.port, security: .none),
                    credentials: MailCredentials(username: "master", password: "secret"),
                    attachedBy: owner,
                    attachedAt: now
                )
                try transaction.attachBackupSource(source, to: owner)
                #expect(try transaction.backup(id)?.error == nil)
            }
            #expect(try await work.runner().runNext(logger: Self.logger))
            let backup = try await Self.details(id, work)
            #expect(backup.status == .completed && backup.origin == .backupSource)
        }
    }
}
