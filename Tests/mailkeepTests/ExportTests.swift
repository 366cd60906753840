import Foundation
import MailkeepModel
import TestSupport
import Testing

@Suite("Exports, by shell")
struct ExportTests {
    private static let leaver = "--user \(Workplace.Person.leaver.rawValue)"

    private struct Verifications: Decodable {
        struct Verification: Decodable {
            struct Findings: Decodable {
                let count: Int
            }

            let whole: Bool
            let fault: String?
            let kind: String?
            let messages: Int
            let not_included: Int?
            let damaged: Findings
        }

        let verifications: [Verification]
    }

    private struct Desk {
        let work: Workplace
        let backup: String
        let key: String

        func verify(_ file: String, status: Int32 = 0) async throws -> Verifications.Verification {
            // Without --data and without --as.
            let answer = try await work.run("verify-export \(file) --public-key \(key) --json")
            #expect(answer.status == status)
            return try #require(try JSONDecoder().decode(Verifications.self, from: answer.output).verifications.first)
        }

        var files: [String] {
            get throws {
                try FileManager.default.contentsOfDirectory(atPath: work.folder).filter { $0.hasPrefix(".mailkeep-") }
            }
        }
    }

    /// A workplace with a leaver's backup, and the public key in a file.
    private func withBackup(_ setting: Setting, _ body: (Desk) async throws -> Void) async throws {
        try await DovecotServer.withLeaver { server in
            try server.deliver(StoryMail.before)
            try await withWorkplace(setting.language, hasServer: setting.hasServer) { work in
                try await work.save(Workplace.Mailbox(on: server)).expectDone()
                try await work.deactivate()
                let backup = try await work.backUp()
                let key = try await work.run("keys public-key", as: .sharer).expectDone()
                #expect(key.text.hasPrefix("-----BEGIN PUBLIC KEY-----\n"))
                let file = work.folder + "/key.pem"
                try key.output.write(to: URL(filePath: file))
                try await body(Desk(work: work, backup: backup.id, key: file))
            }
        }
    }

    @Test(
        "Each form is written, proved without the data, never over another file, and not once a byte is changed",
        arguments: Setting.all
    )
    func backups(_ setting: Setting) async throws {
        try await withBackup(setting) { desk in
            let work = desk.work
            for format in ["eml_zip", "mbox"] {
                let file = "\(work.folder)/export.\(format)"
                let line = "backup export \(desk.backup) --format \(format) --output"
                try await work.run("\(line) \(file)", as: .ada).expectDone()
                let whole = try Data(contentsOf: URL(filePath: file))
                let proof = try await desk.verify(file)
                #expect(proof.whole && proof.kind == "backup" && proof.messages == 4 && proof.not_included == 0)

                let again = try await work.run("\(line) \(file)", as: .ada)
                #expect(again.status == 65)
                #expect(again.errorText.contains(setting.language == .japanese ? "すでに存在します" : "is there already"))
                #expect(try Data(contentsOf: URL(filePath: file)) == whole)

                // Standard output is the file, and nothing else.
                let printed = try await work.run("\(line) -", as: .ada, json: true).expectDone()
                try printed.output.write(to: URL(filePath: file))
                #expect(try await desk.verify(file).whole)

                var altered = whole
                let place = try #require(altered.range(of: Data("\r\nSubject: ".utf8)))
                altered[place.upperBound] ^= 1
                try altered.write(to: URL(filePath: file))
                let failed = try await desk.verify(file, status: 1)
                #expect(!failed.whole && failed.damaged.count == 1 && failed.not_included == 1)
                try whole.prefix(whole.count / 2).write(to: URL(filePath: file))
                #expect(try await work.run("verify-export \(file) --public-key \(desk.key)").status == 65)
                #expect(try await work.run("verify-export \(file) --public-key \(file)").status == 65)
                #expect(try await work.run("verify-export \(work.folder)/none --public-key \(desk.key)").status == 65)

                // A disk that is full, or a folder in which nothing can be written.
                let full = try await work.run("\(line) /dev/full", as: .ada)
                #expect(full.status == 1)
                #expect(full.errorText.contains("/dev/full"))
                #expect(try await work.run("\(line) \(work.folder)/none/file", as: .ada).status == 65)
            }
            #expect(try desk.files == [])
            #expect(try await work.run("backup export \(desk.backup) --format pst --output x", as: .ada).status == 64)
            try await work.expectRefused("P1", "backup export \(desk.backup) --format mbox --output x", as: .owner)
        }
    }

    @Test(
        "A record's mail and one's own can be taken out by who sees it, and by nobody else",
        arguments: [Setting.all[0]]
    )
    func otherSubjects(_ setting: Setting) async throws {
        try await withBackup(setting) { desk in
            let work = desk.work
            let file = "\(work.folder)/export"
            for (number, format) in ["eml_zip", "mbox"].enumerated() {
                let record = "records export --module Contacts --id 12 --format \(format) --output \(file)\(number)"
                try await work.expectRefused("V1", record, as: .stranger)
                try await work.expectRefused("V1", record.replacing("--id 12", with: "--id 999"), as: .ada)
                try await work.run(record, as: .sharer).expectDone()
                let proof = try await desk.verify("\(file)\(number)")
                let seen = try #require(try await work.emails(seenBy: .sharer))
                #expect(proof.whole && proof.kind == "record" && proof.messages == seen.count && seen.count == 4)

                let own =
                    "mailbox export --user \(Workplace.Person.owner.rawValue) --format \(format) --output \(file)-\(number)"
                try await work.expectRefused("V1", own, as: .ada)
                try await work.run(own, as: .owner).expectDone()
                let none = try await desk.verify("\(file)-\(number)")
                #expect(none.whole && none.kind == "mailbox" && none.messages == 0)
            }
            #expect(try desk.files == [])
        }
    }
}
