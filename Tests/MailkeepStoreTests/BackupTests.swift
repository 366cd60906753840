import Foundation
import MailkeepModel
import Testing

@testable import MailkeepStore

@Suite("Backups take what is new and hold the whole (B6, B8, B9, N2)")
struct BackupTests {
    struct Office: Sendable {
        let leaver: UserID
        let mailbox: MailboxID
    }

    /// A leaver with `count` stored mails, `mail 1` and so on, with a contact.
    static func office(mails count: Int = 3) async throws -> (Organization, Office) {
        try await Organization.make { scene in
            let owner = try scene.user("owner")
            try scene.record(.contacts, 1, owner: owner, addresses: [Stage.customer])
            let leaver = try scene.user("leaver")
            let office = Office(leaver: leaver, mailbox: try scene.mailbox(of: leaver, .all))
            for number in 0..<count { try scene.mail("mail \(number + 1)", in: office.mailbox, [Stage.customer: .to]) }
            return office
        }
    }

    @Test("Freezing takes every message once, in as many batches as it needs, and nothing when done again")
    func batches() async throws {
        let (organization, office) = try await Self.office(mails: 5)
        try await organization.change { scene in
            try scene.mail("mail 1", in: office.mailbox, folder: "Archive", [Stage.customer: .to])
            let backup = try scene.beginBackup(of: office.leaver)
            let taken = try (0..<5).map { _ in try scene.transaction.freezeMessages(into: backup, limit: 2) }
            #expect(taken == [2, 2, 1, 0, 0])
            #expect(try scene.subjects(of: backup) == ["mail 1", "mail 2", "mail 3", "mail 4", "mail 5"])
        }
    }

    @Test("Only associated mail that is stored, of the user's mailboxes in the judged domain, is taken")
    func whatIsTaken() async throws {
        let (organization, office) = try await Self.office(mails: 1)
        try await organization.change { scene in
            try scene.mail("private", in: office.mailbox, ["friend@home.example": .to])
            try scene.mail(nil, in: office.mailbox, [Stage.customer: .to])
            let colleague = try scene.user("colleague")
            try scene.mail("a colleague's", in: scene.mailbox(of: colleague, .all), [Stage.customer: .to])
            let elsewhere = try scene.mailbox(of: office.leaver, .all, at: "leaver@elsewhere.example")
            try scene.mail("elsewhere", in: elsewhere, [Stage.customer: .to])
            try scene.mailbox(of: office.leaver, .all)
            let former = try scene.mailbox(of: office.leaver, .all, at: "former@example.jp")
            try scene.mail("former address", in: former, [Stage.customer: .to])
            #expect(
                try scene.subjects(of: scene.backup(of: office.leaver, reaching: .completed)) == [
                    "mail 1", "former address",
                ]
            )
        }
    }

    @Test("A later backup adds only what is new, holds the whole, and leaves the former one as it was")
    func latestBackup() async throws {
        let (organization, office) = try await Self.office()
        try await organization.change { scene in
            let first = try scene.backup(of: office.leaver, reaching: .completed)
            try scene.mail("new", in: office.mailbox, [Stage.customer: .to])
            let second = try scene.beginBackup(of: office.leaver, kind: .latest)
            #expect(try scene.transaction.freezeMessages(into: second, limit: 100) == 1)
            #expect(try scene.complete(second))
            let held = try scene.transaction.messages(of: second, after: nil, limit: 100)
            #expect(Set(held.map(\.subject)) == ["mail 1", "mail 2", "mail 3", "new"])
            #expect(held.filter(\.isNew).map(\.subject) == ["new"])
            #expect(try scene.subjects(of: first) == ["mail 1", "mail 2", "mail 3"])
            #expect(try scene.transaction.messages(of: first, after: nil, limit: 100).filter(\.isNew).count == 3)
        }
    }

    @Test("Pages of a backup's messages follow one another by content, with every folder that held the message")
    func pages() async throws {
        let (organization, office) = try await Self.office(mails: 5)
        try await organization.change { scene in
            try scene.mail("mail 3", in: office.mailbox, folder: "Archive", [Stage.customer: .to])
            try scene.mail("mail 3", in: office.mailbox, uidValidity: 2, [Stage.customer: .to])
            let colleague = try scene.mailbox(of: scene.user("colleague"), .all)
            try scene.mail("mail 3", in: colleague, folder: "Not the leaver's", [Stage.customer: .to])
            let backup = try scene.backup(of: office.leaver, reaching: .completed)
            var pages: [[BackupMessage]] = []
            repeat {
                let last = pages.last?.last?.content.key
                pages.append(try scene.transaction.messages(of: backup, after: last, limit: 2))
            } while pages.last?.isEmpty == false
            #expect(pages.map(\.count) == [2, 2, 1, 0])
            let keys = pages.joined().map { Array($0.content.key) }
            #expect(keys == keys.sorted { $0.lexicographicallyPrecedes($1) })
            for message in pages.joined() {
                #expect(message.folders == (message.subject == "mail 3" ? ["Archive", "INBOX"] : ["INBOX"]))
            }
        }
    }

    @Test(
        "A backup that failed or was cancelled lets go of what it had taken",
        arguments: [BackupStatus.failed, .cancelled]
    )
    func endedBackup(status: BackupStatus) async throws {
        let (organization, office) = try await Self.office()
        try await organization.change { scene in
            let ended = try scene.backup(of: office.leaver, reaching: status)
            #expect(ended.status == status)
            #expect(try scene.subjects(of: ended).isEmpty)
            // The job that was at work on it may not have noticed yet.
            #expect(try scene.transaction.freezeMessages(into: ended, limit: 100) == 0)
            let next = try scene.beginBackup(of: office.leaver)
            #expect(try scene.transaction.freezeMessages(into: next, limit: 100) == 3)
        }
    }

    @Test("Ending what is not pending changes nothing")
    func endAfterCompletion() async throws {
        let (organization, office) = try await Self.office()
        try await organization.change { scene in
            let backup = try scene.backup(of: office.leaver, reaching: .completed)
            #expect(try scene.transaction.endBackup(backup.id, as: .cancelled, at: scene.now) == false)
            #expect(try scene.details(of: backup.id) == backup)
            #expect(try scene.subjects(of: backup).count == 3)
        }
    }

    @Test("Completing after a cancellation answers false and changes nothing")
    func completeAfterCancellation() async throws {
        let (organization, office) = try await Self.office()
        try await organization.change { scene in
            let cancelled = try scene.backup(of: office.leaver, reaching: .cancelled)
            #expect(try scene.complete(cancelled) == false)
            #expect(try scene.details(of: cancelled.id) == cancelled)
            #expect(try scene.transaction.location(of: scene.content("manifest \(cancelled.id)").key) == nil)
            #expect(try scene.transaction.backupState(of: office.leaver) == BackupState())
        }
    }

    @Test("A backup that waits cannot be completed, and takes nothing")
    func waitingBackup() async throws {
        let (organization, office) = try await Self.office()
        try await organization.change { scene in
            let waiting = try scene.requestBackup(of: office.leaver)
            #expect(try scene.transaction.freezeMessages(into: waiting, limit: 100) == 0)
            #expect(try scene.complete(waiting) == false)
            #expect(try scene.details(of: waiting.id).status == .waiting)
        }
    }

    @Test("Begun again after an interruption, a backup takes anew what there is now")
    func begunAgain() async throws {
        let (organization, office) = try await Self.office()
        try await organization.change { scene in
            // Stored first of all, but for a colleague only.
            let colleague = try scene.mailbox(of: scene.user("colleague"), .all)
            try scene.mail("shared", in: colleague, [Stage.customer: .to])
            try scene.mail("last", in: office.mailbox, [Stage.customer: .to])
            let backup = try scene.beginBackup(of: office.leaver)
            #expect(try scene.transaction.freezeMessages(into: backup, limit: 100) == 4)
            // While it was interrupted, the leaver's mailbox received the colleague's message too.
            try scene.mail("shared", in: office.mailbox, [Stage.customer: .to])
            try scene.transaction.beginBackup(backup.id, at: scene.now.advanced(byMilliseconds: 1))
            #expect(try scene.details(of: backup.id).startedAt == scene.now)
            #expect(try scene.transaction.freezeMessages(into: backup, limit: 100) == 5)
            #expect(try scene.subjects(of: backup).contains("shared"))
        }
    }

    @Test("A backup that holds other messages than its manifest names is not completed (B8)")
    func otherMessages() async throws {
        let (organization, stage) = try await Organization.make { try Stage($0) }
        try await organization.change { scene in
            let mailbox = try scene.mailbox(of: stage.owner, .all)
            try scene.mail("one", in: mailbox, [Stage.customer: .from])
            let backup = try scene.beginBackup(of: stage.owner)
            _ = try scene.transaction.freezeMessages(into: backup, limit: .max)
            try scene.transaction.run("DELETE FROM backup_message")
            #expect(throws: StoreError(.constraint, "")) { try scene.complete(backup, added: 1) }
            #expect(try scene.transaction.backup(backup.id)?.status == .inProgress)
        }
    }

    @Test("A user has one pending backup at a time", arguments: [BackupStatus.waiting, .inProgress])
    func onePending(status: BackupStatus) async throws {
        let (organization, office) = try await Self.office()
        let pending = try await organization.change { try $0.backup(of: office.leaver, reaching: status) }
        await #expect(throws: StoreError(.constraint, "")) {
            try await organization.change { _ = try $0.requestBackup(of: office.leaver) }
        }
        try await organization.change { scene in
            #expect(try scene.transaction.backups().map(\.id) == [pending.id])
            #expect(try scene.transaction.pendingBackup(of: office.leaver) == pending)
            #expect(try scene.transaction.backupState(of: office.leaver).isPending)
            let colleague = try scene.user("colleague")
            try scene.mailbox(of: colleague, .all)
            _ = try scene.requestBackup(of: colleague)
            #expect(try scene.end(pending, as: .failed))
            _ = try scene.requestBackup(of: office.leaver)
            #expect(try scene.transaction.backups(of: office.leaver).count == 2)
        }
    }

    @Test("What a backup fixes is read back, with its folders and its progress")
    func details() async throws {
        let (organization, office) = try await Self.office()
        try await organization.change { scene in
            let backup = try scene.beginBackup(of: office.leaver)
            let progress = BackupProgress(foldersDone: 1, folders: 2, found: 7, stored: 5, bytes: 900)
            try scene.transaction.updateProgress(backup.id, progress)
            var inbox = FolderCounts(name: "INBOX", onServer: 9)
            (inbox.considered, inbox.associated, inbox.stored, inbox.tooLarge) = (9, 4, 3, 1)
            let junk = FolderCounts(name: "Junk", excluded: .junk)
            try scene.transaction.setFolders([junk], of: backup.id)
            try scene.transaction.setFolders([inbox, junk], of: backup.id)
            #expect(try scene.complete(backup))
            let late = BackupProgress(foldersDone: 0, folders: 0, found: 0, stored: 0, bytes: 0)
            try scene.transaction.updateProgress(backup.id, late)
            let done = try scene.details(of: backup.id)
            #expect(done.status == .completed && done.endedAt == scene.now && done.root == Data([1]))
            #expect(done.manifest == scene.content("manifest \(backup.id)").whole.location)
            #expect(done.progress == progress)
            #expect(try scene.transaction.folders(of: backup.id) == [inbox, junk])
            #expect(try scene.transaction.backupState(of: office.leaver) == BackupState(isCompleted: true))
        }
    }
}
