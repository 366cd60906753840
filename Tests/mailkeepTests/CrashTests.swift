import Foundation
import MailkeepModel
import TestSupport
import Testing

@Suite("Backups whose process is killed, by shell")
struct CrashTests {
    private static let sample = SampleMailbox(
        owner: Workplace.Person.leaver.rawValue,
        contacts: [Workplace.customer],
        strangers: [],
        count: 600,
        seed: 11,
        associatedFraction: 0.6
    )
    private static let wanted = Set(
        sample.messages
            .filter { $0.isAssociated && ![SampleFolder.junk, SampleFolder.drafts].contains($0.folder) }
            .map { sha256($0.raw) }
    )
    private let start = "backup start --user \(Workplace.Person.leaver.rawValue) --wait \(Workplace.network)"

    @Test("Killed at each durable step in turn, a backup goes on each time; nothing is lost or doubled")
    func killedAtEveryStep() async throws {
        try await withDeactivatedLeaver { work in
            var moments: [[Int]] = []
            while moments.count < 1000 {
                let answer = try await work.run(start, as: .ada, crashAt: moments.count + 1)
                guard answer.status == 128 + SIGKILL else {
                    try answer.expectDone()
                    break
                }
                moments.append(try tables.map { try work.count($0) })
                // All of it becomes visible at once (B8).
                let seen = try #require(try await work.emails(seenBy: .owner)).map(\.sha256)
                guard !seen.isEmpty else { continue }
                #expect(Set(seen) == Self.wanted && seen.count == Self.wanted.count)
                break
            }
            #expect(moments.count >= 10)
            try check(moments)
            try await complete(in: work)
        }
    }

    @Test("A server that is killed at ten steps takes the backup up again each time; nothing is lost or doubled")
    func killedServer() async throws {
        try await withDeactivatedLeaver { work in
            // The backup is asked for, and the process killed before it does anything for it.
            #expect(try await work.run(start, as: .ada, crashAt: 4).status == 128 + SIGKILL)
            #expect(try work.count("backup") == 1)
            var moments: [[Int]] = []
            for step in 0..<10 {
                let server = try work.start("serve --allow-mail-network 127.0.0.0/8", crashAt: 8 + 2 * step)
                #expect(try await server.answer().status == 128 + SIGKILL)
                #expect(try await work.emails(seenBy: .owner)?.isEmpty == true)
                moments.append(try tables.map { try work.count($0) })
            }
            try check(moments)
            try await complete(in: work)
        }
    }

    private let tables = ["entry", "message", "backup_message"]

    /// The processes were killed at different moments of the work, and what one had done stayed.
    private func check(_ moments: [[Int]]) throws {
        let work = moments.map { $0[0] + $0[1] }
        #expect(work == work.sorted(), "\(moments)")
        #expect(Set(work).count >= 3, "\(moments)")
        #expect(work.contains { $0 > 0 && $0 < (moments.last ?? [0, 0])[0] }, "\(moments)")
    }

    @Test("Killed by the operating system at any moment, it goes on; nothing is lost or doubled")
    func killedFromOutside() async throws {
        try await withDeactivatedLeaver { work in
            var killed = 0
            for milliseconds in stride(from: 60, through: 600, by: 60) {
                let running = try work.start(start, as: .ada)
                try await Task.sleep(for: .milliseconds(milliseconds))
                running.kill()
                if try await running.answer().status == 128 + SIGKILL { killed += 1 } else { break }
                // It may have come to its end, and not to telling so.
                let backups = try await work.read(Backups.self, "backup list").backups
                if backups.contains(where: { $0.status == "completed" }) { break }
                #expect(try await work.emails(seenBy: .owner)?.isEmpty == true)
            }
            #expect(killed > 0)
            try await complete(in: work)
        }
    }

    private func withDeactivatedLeaver(_ body: @escaping @Sendable (Workplace) async throws -> Void) async throws {
        try await DovecotServer.withLeaver { server in
            try server.deliver(Self.sample, user: Workplace.Mailbox.account.name)
            try await withWorkplace { work in
                try await work.save(Workplace.Mailbox(on: server)).expectDone()
                try await work.deactivate()
                try await body(work)
            }
        }
    }

    /// Lets the backup end, and compares it with what an uninterrupted one gives.
    private func complete(in work: Workplace) async throws {
        let all = try await work.read(Backups.self, "backup list").backups
        #expect(all.count == 1)
        let id = try #require(all.first?.id)
        if try await work.backup(id).status != "completed" { try await work.run(start, as: .ada).expectDone() }
        #expect(try work.count("job WHERE state IN ('waiting', 'running')") == 0)
        #expect(try await work.backup(id).status == "completed")
        let hashes = try await work.manifest(of: id).hashes
        #expect(Set(hashes) == Self.wanted)
        #expect(hashes.count == Self.wanted.count)
        #expect(try work.count("message") == Self.wanted.count)
        #expect(try work.count(Workplace.wholeContents) == Self.wanted.count + 1)
        #expect(try work.count("backup_message") == Self.wanted.count)
        let considered = Self.sample.messages.count { ![SampleFolder.junk, SampleFolder.drafts].contains($0.folder) }
        #expect(try work.count("entry") == considered)
        let seen = try #require(try await work.emails(seenBy: .owner))
        #expect(seen.map(\.sha256).sorted() == hashes.sorted())
        try await work.run("backup verify \(id)", as: .ada).expectDone()
        #expect(Set(try await work.export(id).map(sha256)) == Set(hashes))
        try await work.run("audit verify", as: .ada).expectDone()
    }
}
