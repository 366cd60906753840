import Foundation
import MailkeepModel
import MailkeepStore
import MailkeepSync
import Testing

@testable import MailkeepApp

@Suite("Synchronisations that rest, as people meet them", .timeLimit(.minutes(1)))
struct RestTests {
    /// Hana's mailbox, whose server has asked to wait for an hour.
    private static func resting(_ office: Office) async throws -> (job: JobID, until: Timestamp) {
        try await office.readMail(.all, ["From: \(Office.customer)\nSubject: 1\n\nText"])
        let now = Timestamp.now()
        let until = now.advanced(byMilliseconds: 3_600_000)
        let job = try await office.mailkeep.store.write { [hana = office.hana] transaction in
            let job = try transaction.insertJob(.synchronise, user: hana, permissions: JobPermissions(), at: now)
            _ = try transaction.leaseJob(as: "a", until: until, at: now)
            try transaction.postponeJob(job, until: until, error: "throttled", detail: "words")
            return job
        }
        return (job, until)
    }

    @Test("Whoever waits for one is told until when it rests, and that the mail server is the cause")
    func told() async throws {
        let office = try await Office()
        let (job, until) = try await Self.resting(office)
        try await office.mailkeep.finish(job)
        try await office.mailkeep.waitForEnd(of: job)
        #expect(try await office.mailkeep.isPending(job))
        #expect(try await office.mailkeep.failure(of: job) == nil)
        let rest = try #require(try await office.mailkeep.rest(of: job))
        #expect(rest.until == until)
        for locale in MailkeepModel.Locale.allCases {
            let report = ErrorReport(rest, in: locale)
            #expect(report.kind == .mailbox && report.document.details.reason == "throttled")
            #expect(report.document.message.contains(until.iso8601))
        }
        let shown = try await office.perform(ShowMailAddonSettings(user: office.hana), as: office.hana)
        #expect(shown?.last_sync_error?.code == "throttled")
    }

    @Test("One that somebody asks for is tried at once", arguments: [true, false])
    func woken(bySaving: Bool) async throws {
        let office = try await Office()
        let (job, _) = try await Self.resting(office)
        if bySaving {
            let action = SaveMailAddonSettings(user: office.hana, input: office.settings(.all))
            _ = try await office.perform(action, as: office.hana)
        } else {
            #expect(try await office.perform(SynchroniseMailbox(user: office.hana), as: office.hana) == job)
        }
        #expect(try await office.mailkeep.rest(of: job) == nil)
        try await office.mailkeep.finish(job)
        #expect(try await office.mailkeep.isPending(job) == false)
        #expect(try await office.mailkeep.failure(of: job) == nil)
    }

    @Test("The scheduler asks for none that waits, is at work or rests")
    func scheduled() async throws {
        let office = try await Office()
        _ = try await Self.resting(office)
        try await office.mailkeep.requestSynchronisations(every: 1)
        try await office.mailkeep.requestSynchronisations(every: 1)
        let waiting = try await office.mailkeep.store.read { try $0.hasJob(at: Timestamp.now()) }
        #expect(!waiting)
    }
}
