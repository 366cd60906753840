import Foundation
import GRDB
import MailkeepModel
import TestSupport
import Testing

@Suite("Backups that rest, by shell")
struct RestTests {
    @Test(
        "A command whose backup rests says until when, and that it is not done",
        arguments: MailkeepModel.Locale.allCases
    )
    func resting(_ language: MailkeepModel.Locale) async throws {
        try await DovecotServer.withLeaver { server in
            try server.deliver(StoryMail.before)
            try await withWorkplace(language) { work in
                let leaver = Workplace.Person.leaver.rawValue
                let command = "backup start --user \(leaver) --wait \(Workplace.network)"
                try await work.save(Workplace.Mailbox(on: server)).expectDone()
                try await work.deactivate()
                // Killed when its job waits.
                var step = 1
                while try work.count("job") == 0, step < 100 {
                    _ = try await work.run(command, as: .ada, crashAt: step)
                    step += 1
                }
                try work.change("UPDATE job SET not_before = 4102444800000, rests = 1, error = 'throttled'")
                let answer = try await work.run(command, as: .ada, json: true)
                #expect(answer.status == 69)
                let error = try answer.error()
                #expect(error.code == "MAIL_SERVER_ERROR" && error.message.contains("2100-01-01T00:00:00"))
                #expect(answer.errorText.contains(error.message))
                let latest = try await work.run("user deactivate --user \(leaver) --back-up --wait", as: .ada)
                #expect(latest.status == 69)

                try work.change("UPDATE job SET not_before = 1")
                try await work.run(command, as: .ada).expectDone()
                let backup = try #require(try await work.read(Backups.self, "backup list").backups.first)
                #expect(backup.status == "completed" && backup.error == nil)
            }
        }
    }
}

extension Workplace {
    /// Changes the database behind the program's back, while it does not run.
    func change(_ sql: String) throws {
        try DatabaseQueue(path: data + "/mailkeep.sqlite").write { try $0.execute(sql: sql) }
    }
}
