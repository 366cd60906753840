import Foundation
import TestSupport
import Testing

@Suite("Keys, by shell")
struct KeysTests {
    @Test("A rotation changes the key files and nothing else, with a server or without", arguments: [false, true])
    func rotate(hasServer: Bool) async throws {
        try await DovecotServer.withLeaver { server in
            try server.deliver(StoryMail.before)
            try await withWorkplace(hasServer: hasServer) { work in
                try await work.save(Workplace.Mailbox(on: server)).expectDone()
                try await work.deactivate()
                let backup = try await work.backUp()
                let (keys, mail) = (try files(work, "keys"), try files(work, "vault"))
                try await work.expectRefused("P1", "keys rotate", as: .owner)
                #expect(try files(work, "keys") == keys)
                try await work.run("keys rotate", as: .ada).expectDone()
                let rotated = try files(work, "keys")
                #expect(Set(rotated.keys) == ["master", "keyring"])
                #expect(rotated["master"] != keys["master"] && rotated["keyring"] != keys["keyring"])
                #expect(try files(work, "vault") == mail)
                try await work.run("backup verify \(backup.id)", as: .ada).expectDone()
                if hasServer {
                    try await work.stopServer()
                    try await work.startServer()
                }
                try await work.run("backup verify \(backup.id)", as: .ada).expectDone()
                let log = try await work.read(AuditLog.self, "audit list").audit_log
                let entries = log.filter { $0.action.hasPrefix("keys.") }.map { "\($0.action) \($0.outcome)" }
                #expect(entries == ["keys.rotate refused", "keys.rotate done", "keys.rotated done"])
            }
        }
    }

    @Test("Killed at each step of a rotation, the keys open everything, and the next rotation goes through")
    func crashes() async throws {
        try await withWorkplace { work in
            var masters: Set<Data> = []
            var killed = 0
            for step in 1...30 {
                let answer = try await work.run("keys rotate", as: .ada, crashAt: step)
                masters.insert(try #require(FileManager.default.contents(atPath: work.data + "/keys/master")))
                guard answer.status == 128 + SIGKILL else {
                    try answer.expectDone()
                    break
                }
                killed += 1
                try await work.run("user list", as: .ada).expectDone()
                #expect(!files(work, named: "keyring.tmp"))
            }
            // Opening, the entry, three steps of the files, the entry of the end.
            #expect((8...29).contains(killed))
            #expect(masters.count >= 2)
            try await work.run("keys rotate", as: .ada).expectDone()
            #expect(Set(try files(work, "keys").keys) == ["master", "keyring"])
            try await work.run("audit verify", as: .ada).expectDone()
        }
    }

    private func files(_ work: Workplace, _ folder: String) throws -> [String: Data] {
        let path = "\(work.data)/\(folder)"
        return try FileManager.default.contentsOfDirectory(atPath: path).reduce(into: [:]) { files, name in
            files[name] = FileManager.default.contents(atPath: "\(path)/\(name)")
        }
    }

    private func files(_ work: Workplace, named name: String) -> Bool {
        FileManager.default.fileExists(atPath: "\(work.data)/keys/\(name)")
    }
}
