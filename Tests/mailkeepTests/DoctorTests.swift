import Foundation
import GRDB
import MailkeepModel
import TestSupport
import Testing

@Suite("The doctor, by shell")
struct DoctorTests {
    private let leaver = Workplace.Person.leaver
    private static let all: Set<String> = [
        "directory", "keys", "schema", "database", "vault", "manifests", "audit", "clock", "disk", "mail_servers",
        "mailboxes", "connection", "jobs", "uploads",
    ]

    struct Setting: Sendable, CustomTestStringConvertible {
        var language: MailkeepModel.Locale
        var hasServer: Bool

        var testDescription: String { "\(language) \(hasServer ? "with" : "without") a server" }
    }

    @Test(
        "Where all is well it says so of each thing, with a server or without, in both languages",
        arguments: [Setting(language: .english, hasServer: true), Setting(language: .japanese, hasServer: false)]
    )
    func healthy(_ setting: Setting) async throws {
        try await withBackup(setting.language, hasServer: setting.hasServer) { work, server, _ in
            // One that is reached, though nobody could sign in there.
            var mailbox = Workplace.Mailbox(on: server)
            mailbox.password = "wrong"
            try await work.save(mailbox, of: .owner).expectDone()
            for line in ["doctor", "doctor --thorough"] {
                let shape = try await examine(work, line, expecting: 0)
                #expect(shape.healthy && shape.repairs.isEmpty)
                #expect(Set(shape.checks.map(\.check)) == Self.all && shape.checks.count == Self.all.count)
                #expect(shape.checks.allSatisfy { $0.status == "ok" && !$0.message.hasPrefix("doctor.") })
            }
            let environment = ["LANG": setting.language == .japanese ? "ja_JP.UTF-8" : "en_GB.UTF-8"]
            let told = try await work.start("doctor \(Workplace.network)", environment: environment).answer()
                .expectDone()
            let words = setting.language == .japanese ? "改ざんはありません" : "No entry of the audit log was altered"
            #expect(told.text.contains(words))
            #expect(told.text.split(separator: "\n").count { $0.hasPrefix("✓ ") } == Self.all.count)
        }
    }

    @Test("What is not as it should be is told at its place, and the status is 1")
    func findings() async throws {
        try await withBackup { work, server, _ in
            chmod(work.data, 0o755)
            chmod(work.data + "/keys/master", 0o640)
            let rest = Self.all.subtracting(["directory", "keys"])
            try await expect(work, ["directory": "Others can reach", "keys": ""], unchecked: rest)
            let mended = try await examine(work, "doctor --repair", expecting: 0)
            #expect(mended.repairs.map { "\($0.repair) \($0.count)" } == ["repaired.modes 2"])
            chmod(work.data + "/vault", 0o701)
            try await expect(work, ["directory": "/vault"])
            try await examine(work, "doctor --repair", expecting: 0)

            try change(work, "UPDATE message SET sealed_summary = zeroblob(length(sealed_summary)) WHERE id = 1")
            try await expect(work, ["keys": "1 do not open"])
            try change(
                work,
                "UPDATE message SET sealed_summary = (SELECT sealed_summary FROM message WHERE id = 2) WHERE id = 1"
            )
            try await expect(work, ["keys": "1 do not open"])
        }
    }

    @Test("A server that cannot be reached, a mailbox that fails, a clock that went back, and a job that stands still")
    func outside() async throws {
        try await withBackup { work, _, _ in
            let port = try LoopbackPorts.free(1)[0]
            for person in [Workplace.Person.owner, .sharer] {
                var mailbox = Workplace.Mailbox(port: port)
                mailbox.security = "tls"
                try await work.save(mailbox, of: person).expectDone()
            }
            let told = try await expect(
                work,
                ["mail_servers": "Of 1 mail servers these can't be reached: localhost:\(port)"]
            )
            #expect(
                told.checks.first { $0.check == "mail_servers" }?.message.components(separatedBy: "localhost").count
                    == 2
            )
            let sync = "mailbox sync --user hana@sakura.example \(Workplace.network)"
            #expect(try await work.run(sync, as: .owner).status == 69)
            try await expect(
                work,
                ["mail_servers": "(no connection)", "mailboxes": "hana@sakura.example (no connection)"]
            )
            // Without what allows the network nothing is connected to.
            try await expect(work, ["mail_servers": "network", "mailboxes": "hana"], line: "doctor --json")

            try change(
                work,
                """
                DELETE FROM job;
                DELETE FROM mail_addon WHERE user_id IN (SELECT id FROM user WHERE status = 'active');
                INSERT INTO job (kind, user_id, state, permissions, created_at)
                VALUES ('synchronise', 1, 'waiting', '{}', 1000)
                """
            )
            try await expect(work, ["jobs": "stand still"])
            try change(work, "UPDATE job SET created_at = \(Int64(Date().timeIntervalSince1970 * 1000) + 7_200_000)")
            try await expect(work, ["clock": "before the newest record"])
        }
    }

    @Test("A database that was changed: dangling rows, an altered audit log, one whose end was cut, a changed manifest")
    func changedFacts() async throws {
        try await withBackup { work, _, backup in
            try change(work, "UPDATE backup SET signature = zeroblob(64)")
            try await expect(work, ["manifests": "\(backup) ("])
            try change(work, "PRAGMA foreign_keys = OFF; INSERT INTO record_share VALUES (9999, 9999)")
            try await expect(work, ["manifests": "", "database": "rows name others"])
            try change(work, "DROP TRIGGER audit_is_append_only_delete; DROP TRIGGER audit_is_append_only_update")
            try change(work, "DELETE FROM audit WHERE id >= (SELECT MAX(id) - 3 FROM audit)")
            try await expect(work, ["manifests": "", "database": "", "audit": "end of the audit log"])
            try change(work, "UPDATE audit SET origin = 'elsewhere' WHERE id = 2")
            try await expect(work, ["manifests": "", "database": "", "audit": "Entry 2"])
        }
    }

    @Test("A directory that does not open is told all the same: its keys, schema, database, and who is in it")
    func closed() async throws {
        try await withBackup { work, _, _ in
            let keyring = work.data + "/keys/keyring"
            try FileManager.default.moveItem(atPath: keyring, toPath: work.folder + "/keyring")
            let shape = try await expect(work, ["keys": ""], unchecked: Self.all.subtracting(["directory", "keys"]))
            #expect(shape.checks.first?.status == "ok")
            try FileManager.default.moveItem(atPath: work.folder + "/keyring", toPath: keyring)

            try change(work, "INSERT INTO grdb_migrations VALUES ('999')")
            try await expect(
                work,
                ["schema": "newer version"],
                unchecked: Self.all.subtracting(["directory", "schema"])
            )
            try change(work, "DELETE FROM grdb_migrations WHERE identifier = '999'")

            let nothing = try await work.run("doctor --json --data \(work.folder)/nothing")
            #expect(nothing.status == 1)
            let told = try JSONDecoder().decode(Examination.self, from: nothing.output).doctor
            #expect(told.checks.filter { $0.status == "failed" }.map(\.check) == ["directory"])

            let database = work.data + "/mailkeep.sqlite"
            for suffix in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: database + suffix) }
            let file = try #require(FileHandle(forUpdatingAtPath: database))
            try file.seek(toOffset: 20 * 4096)
            try file.write(contentsOf: Data(repeating: 0x55, count: 60 * 4096))
            try file.close()
            let damaged = try await examine(work, "doctor \(Workplace.network)", expecting: 1)
            #expect(damaged.checks.contains { $0.check == "database" && $0.status == "failed" })
        }
    }

    @Test("Uploads that belong to nothing are told by a server and removed; one that is missing is told")
    func uploads() async throws {
        try await withBackup(hasServer: true) { work, _, _ in
            let folder = work.data + "/uploads"
            try FileManager.default.createDirectory(
                atPath: folder,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
            try Data("x".utf8).write(to: URL(filePath: folder + "/left"))
            try await expect(work, ["uploads": "belong to nothing: 1"])
            let mended = try await examine(work, "doctor --repair \(Workplace.network)", expecting: 0)
            #expect(mended.repairs.map(\.repair) == ["repaired.uploads"])
            #expect(!FileManager.default.fileExists(atPath: folder + "/left"))
            let log = try await work.read(AuditLog.self, "audit list").audit_log
            #expect(log.last?.action == "doctor.repair" && log.last?.done_by == nil)

            let mbox = work.folder + "/leaver.mbox"
            try (Data("From taro\n".utf8) + Data(StoryMail.before[0].raw)).write(to: URL(filePath: mbox))
            try await work.run("backup source --user \(leaver.rawValue) --upload \(mbox)", as: .ada).expectDone()
            for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
                try FileManager.default.removeItem(atPath: "\(folder)/\(name)")
            }
            try await expect(work, ["uploads": "the files of 1 are"])
        }
    }

    // MARK: Repair

    @Test(
        "An index that is wrong is set right from the stored mail, without the mail server",
        arguments: [false, true]
    )
    func index(hasServer: Bool) async throws {
        try await withBackup(log: "info") { work, server, backup in
            await server.pause()
            try change(
                work,
                """
                PRAGMA foreign_keys = OFF; UPDATE content SET offset = offset + 7
                WHERE key = (SELECT MIN(content_key) FROM message);
                UPDATE content SET segment = 9 WHERE key = (SELECT MAX(content_key) FROM message);
                DELETE FROM content WHERE key = (SELECT manifest_key FROM backup)
                """
            )
            #expect(try await work.run("backup verify \(backup)", as: .ada).status == 1)
            if hasServer { try await work.startServer() }
            let before = try await examine(work, "doctor", expecting: 1)
            #expect(before.checks.first { $0.check == "vault" }?.message.contains("3 are damaged") == true)
            let mended = try await examine(work, "doctor --repair", expecting: 0)
            #expect(mended.repairs.map { "\($0.repair) \($0.count)" } == ["repaired.index 3"])
            try await work.run("backup verify \(backup)", as: .ada).expectDone()
            try await work.stopServer()
        }
    }

    @Test("Rotten mail is found by reading it all, fetched again, and what is gone from the mailbox is told")
    func rot() async throws {
        try await withBackup { work, server, backup in
            let lengths = try places(work)
            #expect(lengths.count == 5)
            let messages = lengths.filter { !$0.isManifest }
            try rot(work, at: messages[0])
            try rot(work, at: messages[1])
            // The header is whole, so that only who reads the bytes sees it.
            let quick = try await examine(work, "doctor \(Workplace.network)", expecting: 0)
            #expect(quick.healthy)
            try await expect(work, ["vault": "2 are damaged"], line: "doctor --thorough --json \(Workplace.network)")
            #expect(try await work.run("backup verify \(backup)", as: .ada).status == 1)

            await server.pause()
            let cut = try await examine(work, "doctor --thorough --repair", expecting: 1)
            #expect(cut.repairs.map { "\($0.repair) \($0.count) \($0.done)" } == ["unrepaired.unreachable 2 false"])
            try await server.resume()
            let mended = try await examine(work, "doctor --thorough --repair \(Workplace.network)", expecting: 0)
            #expect(mended.repairs.map { "\($0.repair) \($0.count)" } == ["repaired.fetched 2"])
            try await work.run("backup verify \(backup)", as: .ada).expectDone()
            #expect(try work.count("message") == 4 && work.count("content") == 5)
            let seen = try #require(try await work.emails(seenBy: .owner))
            for email in seen { #expect(sha256(try await work.bytes(of: email, seenBy: .owner)) == email.sha256) }
        }
    }

    @Test("Rotten mail that the mailbox has no more is told, and nothing else takes its place")
    func gone() async throws {
        try await withBackup { work, server, backup in
            let places = try places(work)
            let account = Workplace.Mailbox.account.name
            try server.doveadm("expunge", "-u", account, "mailbox", "INBOX", "all")
            try server.deliver(Array(StoryMail.after.prefix(1)))
            for place in places { try rot(work, at: place) }
            let mended = try await examine(work, "doctor --thorough --repair \(Workplace.network)", expecting: 1)
            #expect(
                mended.repairs.map { "\($0.repair) \($0.count)" } == [
                    "repaired.fetched 2", "unrepaired.gone 2", "unrepaired.manifests 1",
                ]
            )
            #expect(try work.count("message") == 4)
            let failed = mended.checks.filter { $0.status == "failed" }.map(\.check)
            #expect(failed == ["vault", "manifests"])
            #expect(try await work.run("backup verify \(backup)", as: .ada).status == 1)
        }
    }

    // MARK: Means

    private struct Place {
        var segment: Int64
        var offset: Int64
        var length: Int64
        var isManifest: Bool
    }

    private func places(_ work: Workplace) throws -> [Place] {
        try DatabaseQueue(path: work.data + "/mailkeep.sqlite").read { database in
            try Row.fetchAll(
                database,
                sql: "SELECT *, key IN (SELECT manifest_key FROM backup) AS is_manifest FROM content ORDER BY offset"
            ).map {
                Place(segment: $0["segment"], offset: $0["offset"], length: $0["length"], isManifest: $0["is_manifest"])
            }
        }
    }

    /// Changes a byte of an entry's content.
    private func rot(_ work: Workplace, at place: Place) throws {
        let digits = String(place.segment)
        let path = "\(work.data)/vault/\(String(repeating: "0", count: 8 - digits.count))\(digits).seg"
        let file = try #require(FileHandle(forUpdatingAtPath: path))
        let offset = UInt64(place.offset + place.length - 20)
        try file.seek(toOffset: offset)
        let byte = try #require(try file.read(upToCount: 1)?.first)
        try file.seek(toOffset: offset)
        try file.write(contentsOf: Data([byte ^ 1]))
        try file.close()
    }

    private func change(_ work: Workplace, _ sql: String) throws {
        try DatabaseQueue(path: work.data + "/mailkeep.sqlite").writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA foreign_keys = OFF")
            try database.execute(sql: sql)
        }
    }

    private struct Examination: Decodable {
        struct Shape: Decodable {
            struct Check: Decodable {
                let check: String
                let status: String
                let message: String
            }

            struct Repair: Decodable {
                let repair: String
                let done: Bool
                let count: Int
                let message: String
            }

            let healthy: Bool
            let checks: [Check]
            let repairs: [Repair]
        }

        let doctor: Shape
    }

    @discardableResult
    private func examine(
        _ work: Workplace,
        _ line: String,
        expecting status: Int32,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Examination.Shape {
        let line = line.contains("--allow") ? line : "\(line) \(Workplace.network)"
        let answer = try await work.run(line, json: true)
        #expect(answer.status == status, "\(answer.text)\(answer.errorText)", sourceLocation: sourceLocation)
        return try JSONDecoder().decode(Examination.self, from: answer.output).doctor
    }

    /// Checks that these things and no others fail, with these words.
    @discardableResult
    private func expect(
        _ work: Workplace,
        _ failures: [String: String],
        unchecked: Set<String> = [],
        line: String = "doctor --json \(Workplace.network)",
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Examination.Shape {
        let answer = try await work.run(line)
        #expect(answer.status == 1, "\(answer.errorText)", sourceLocation: sourceLocation)
        let shape = try JSONDecoder().decode(Examination.self, from: answer.output).doctor
        let failed = shape.checks.filter { $0.status == "failed" }
        #expect(Set(failed.map(\.check)) == Set(failures.keys), "\(failed)", sourceLocation: sourceLocation)
        for check in failed {
            let words = failures[check.check] ?? ""
            #expect(words.isEmpty || check.message.contains(words), "\(check)", sourceLocation: sourceLocation)
        }
        #expect(
            Set(shape.checks.filter { $0.status == "unchecked" }.map(\.check)) == unchecked,
            sourceLocation: sourceLocation
        )
        return shape
    }

    /// An organisation whose leaver's mail is backed up.
    private func withBackup(
        _ language: MailkeepModel.Locale = .english,
        hasServer: Bool = false,
        log: String? = nil,
        _ body: (Workplace, DovecotServer, _ backup: String) async throws -> Void
    ) async throws {
        try await DovecotServer.withLeaver { server in
            try server.deliver(StoryMail.before)
            try await withWorkplace(language, hasServer: hasServer, log: log) { work in
                try await work.save(Workplace.Mailbox(on: server)).expectDone()
                try await work.deactivate()
                let backup = try await work.backUp()
                try await body(work, server, backup.id)
            }
        }
    }
}
