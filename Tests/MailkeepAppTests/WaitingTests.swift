import MailkeepModel
import MailkeepStore
import MailkeepSync
import Testing

@testable import MailkeepApp

@Suite("What is still to come is told")
struct WaitingTests {
    @Test("P1, V1: how far older mail is linked, to administrators, and of a record to who may open it")
    func linking() async throws {
        let office = try await Office()
        let none = try await office.perform(ShowLinking(), as: office.ada)
        #expect(none.addresses_left == 0 && none.mails_left == 0 && !none.isPending)
        await #expect(throws: Refusal(.p1)) { try await office.perform(ShowLinking(), as: office.hana) }
        let list = try await office.perform(FindMailAddonUsers(MailAddonUserQuery(status: .active)), as: office.ada)
        #expect(list.linking == none)
        for user in [office.hana, office.kei, office.ada] {
            let shown = try await office.perform(ShowRecordLinking(record: Office.contact), as: user)
            let page = try await office.perform(ShowRecord(record: Office.contact), as: user)
            #expect(!shown.isPending && shown == page.linking)
        }
        let absent = RecordKey(module: .contacts, id: Identifier(rawValue: 99))
        for record in [Office.contact, absent] {
            await #expect(throws: Refusal(.v1)) {
                try await office.perform(ShowRecordLinking(record: record), as: office.sota)
            }
        }
    }

    @Test("Older mail of an address is found, and is still to be read until the mailbox is synchronised")
    func found() async throws {
        let office = try await Office()
        let csv = "Id,Owner,Name,Email\n7,hana@sakura.example,Other,jiro@customer.example\n"
        try await office.readMail(.none, ["From: jiro@customer.example\nSubject: old\n\nHello\n"])
        _ = try await office.perform(ImportFile(kind: .records(.contacts), bytes: Array(csv.utf8)), as: office.ada)
        #expect(try await office.perform(ShowLinking(), as: office.ada).mails_left == 1)
        let record = RecordKey(module: .contacts, id: Identifier(rawValue: 7))
        let ofOwner = try await office.perform(ShowRecordLinking(record: record), as: office.hana)
        #expect(ofOwner.being_read && !ofOwner.looked_for)
        // Hana shares nothing: that there is mail is not the administrator's to know.
        #expect(try await !office.perform(ShowRecordLinking(record: record), as: office.ada).isPending)
        let job = try await office.perform(SynchroniseMailbox(user: office.hana), as: office.hana)
        _ = try await office.mailkeep.jobs.runNext(only: job, logger: office.mailkeep.logger)
        #expect(try await !office.perform(ShowLinking(), as: office.ada).isPending)
        #expect(try await office.perform(ListRecordEmails(record: record), as: office.hana).items.count == 1)
    }

    @Test("A backup that rests says why, and when it goes on, as long as it does")
    func rest() async throws {
        let office = try await Office()
        try await office.readMail(.all, [])
        let output = try await office.perform(DeactivateUser(user: office.hana, backUp: true), as: office.ada)
        let backup = try #require(output.backup)
        let job = try #require(try await office.mailkeep.job(of: backup))
        let now = Timestamp.now()
        let rest = { (milliseconds: Int64) in
            let until = now.advanced(byMilliseconds: milliseconds)
            try await office.mailkeep.store.write { transaction in
                _ = try transaction.leaseJob(as: "a", until: now, at: until, only: job)
                try transaction.beginBackup(backup, at: now)
                let progress = BackupProgress(foldersDone: 1, folders: 1, found: 8, stored: 4, bytes: 1)
                try transaction.updateProgress(backup, progress)
                try transaction.noteRest(of: backup, SyncFailure.Code.throttled.rawValue, until: until.iso8601)
                try transaction.postponeJob(job, until: until, error: "throttled", detail: nil)
            }
            return until
        }
        let until = try await rest(3_600_000)
        let resting = try await office.perform(ShowBackup(backup: backup), as: office.ada)
        #expect(resting.status == "in_progress" && resting.rests_until == until.iso8601)
        #expect(resting.error?.code == "throttled" && resting.progress.seconds_left == nil)
        let row = try #require(try await office.perform(ShowMailAddonUser(user: office.hana), as: office.ada))
        #expect(row.last_attempt?.rests_until == until.iso8601)
        #expect(try await office.mailkeep.rest(of: job)?.until == until)
        try await office.mailkeep.store.write { try $0.releaseAllJobs() }
        #expect(try await office.perform(ShowBackup(backup: backup), as: office.ada).rests_until == until.iso8601)
    }

    @Test("Pages say in their own words what the shell says with its options, and all else alike")
    func places() {
        for locale in Locale.allCases {
            let (shell, page) = (Wording(locale: locale), Wording(locale: locale, on: .page))
            #expect(shell.text(key: "err.server_incomplete").contains("--host"))
            #expect(!page.text(key: "err.server_incomplete").contains("--host"))
            #expect(page.error(AppError(.serverIncomplete)) == page.text(key: "err.server_incomplete"))
            #expect(
                ErrorReport(AppError(.serverIncomplete), in: page).document.message
                    == page.error(AppError(.serverIncomplete))
            )
            #expect(shell.text(.btnSave) == page.text(.btnSave))
            #expect(page.text(key: "err.no_role", ["role": "x"]).contains("x"))
        }
    }
}
