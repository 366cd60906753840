import Foundation
import MailkeepModel
import TestSupport
import Testing

/// Garbage collection, snapshots, restoring, and a backup that trains a dictionary, each killed at one step after the other.
@Suite("Work on the whole vault that is killed, by shell", .timeLimit(.minutes(60)))
struct KilledMaintenanceTests {
    private static let leaver = Workplace.Person.leaver.rawValue
    private static let start = "backup start --user \(leaver) --wait \(Workplace.network)"

    @Test("Garbage collection that is killed at any step loses no message, and the next one ends it")
    func collection() async throws {
        try await Workplace.withLeaver(mails: 160) { work in
            let backup = try await work.backUp()
            let preview = try await work.read(Previews.self, "erase preview --address \(Workplace.otherCustomer)")
                .erasure
            let count = try #require(preview.first).total.messages
            let line = "erase start --address \(Workplace.otherCustomer) --wait --confirm \(count)"
            try await work.run(line, ["--reason", "Asked for"], as: .ada).expectDone()
            let left = try work.count("message")
            #expect(count > 20 && left > 20)
            #expect(try await garbage(in: work).segments > 0)
            try work.keep()

            let calls = [("pwrite64", 60), ("fdatasync", 8), ("fsync", 2), ("/^unlink", 1)]
            let kills = try await forEachStep(of: "gc", calls: calls, in: work) { what in
                #expect(try work.count("message") == left, "\(what)")
                try await work.expectHealthy(what, thorough: true)
                try await work.run("gc", as: .ada).expectDone()
                #expect(try await garbage(in: work).segments == 0, "\(what)")
                try await work.run("backup verify \(backup.id)", as: .ada).expectDone()
                #expect(try await work.emails(seenBy: .owner)?.count == left, "\(what)")
            }
            TestScale.tell("garbage collection: killed at \(kills) steps")
        }
    }

    @Test("A snapshot that is killed at any step leaves the directory as it was, and the next one can be restored")
    func snapshot() async throws {
        try await Workplace.withLeaver(mails: 60) { work in
            let backup = try await work.backUp()
            try work.keep()
            let file = work.folder + "/snapshot.tar"
            let restored = work.folder + "/restored"
            let calls = [("write", 12), ("pwrite64", 60), ("fsync", 1), ("fdatasync", 2), ("/^link", 1)]
            let line = "snapshot --output \(file) --with-keys"
            let kills = try await forEachStep(of: line, calls: calls, files: [], output: file, in: work) { what in
                try await work.expectHealthy(what)
                // What bears the name is whole.
                if !FileManager.default.fileExists(atPath: file) { try await work.run(line, as: .ada).expectDone() }
                try await work.run("restore \(file) --data \(restored)").expectDone()
                try await work.run("backup verify \(backup.id) --data \(restored)", as: .ada).expectDone()
                try FileManager.default.removeItem(atPath: restored)
            }
            TestScale.tell("snapshot: killed at \(kills) steps")
        }
    }

    @Test("Restoring that is killed at any step leaves no directory that is not whole, and can be done again")
    func restore() async throws {
        try await Workplace.withLeaver(mails: 60) { work in
            let backup = try await work.backUp()
            try work.keep()
            let file = work.folder + "/snapshot.tar"
            let folder = work.folder + "/elsewhere"
            let restored = folder + "/restored"
            try await work.run("snapshot --output \(file) --with-keys", as: .ada).expectDone()
            let calls = [
                ("/^mkdir", 3), ("write", 30), ("pwrite64", 60), ("fsync", 4), ("fdatasync", 6), ("/^rename", 1),
            ]
            let line = "restore \(file) --data \(restored)"
            let kills = try await forEachStep(of: line, as: nil, calls: calls, files: [], output: folder, in: work) {
                what in
                if !FileManager.default.fileExists(atPath: restored + "/mailkeep.sqlite") {
                    try await work.run(line).expectDone()
                }
                try await work.run("backup verify \(backup.id) --data \(restored)", as: .ada).expectDone()
                try await work.expectHealthy(what, thorough: true, data: restored)
                let left = try FileManager.default.contentsOfDirectory(atPath: folder)
                #expect(left == ["restored"], "\(what)")
            }
            TestScale.tell("restore: killed at \(kills) steps")
        }
    }

    @Test(
        "A backup that is killed while it begins a segment with a trained dictionary goes on; nothing is lost or doubled"
    )
    func dictionary() async throws {
        try await Workplace.withLeaver(mails: 1400) { work in
            try work.keep()
            let files = [work.segment(2), work.data + "/vault"]
            var kills = 0
            for (call, usual) in [("openat", 1), ("pwrite64", 2), ("fdatasync", 1), ("fsync", 1)] {
                for number in 1...TestScale.number(usual, inFull: 12) {
                    try work.beginAgain()
                    let fault = work.fault(.kill, at: number, of: call, on: call == "fsync" ? files : [files[0]])
                    let answer = try await work.run(Self.start, as: .ada, under: fault)
                    guard answer.status == 128 + SIGKILL else {
                        try answer.expectDone()
                        break
                    }
                    kills += 1
                    #expect(try await work.emails(seenBy: .owner)?.isEmpty == true, "\(fault)")
                    try await work.expectHealthy("\(fault)")
                    try await complete("\(fault)", in: work)
                }
            }
            #expect(kills >= 4)
            #expect(work.segments.count >= 2)
            TestScale.tell("beginning a segment with a dictionary: killed at \(kills) steps")
        }
    }

    private func complete(_ what: String, in work: Workplace) async throws {
        let backup = try await work.backUp()
        let hashes = try await work.manifest(of: backup.id).hashes
        #expect(Set(hashes) == Workplace.wanted(of: 1400) && Set(hashes).count == hashes.count, "\(what)")
        #expect(try work.count("message") == hashes.count, "\(what)")
        try await work.run("backup verify \(backup.id)", as: .ada).expectDone()
        try await work.expectHealthy(what, thorough: true)
    }

    // MARK: Means

    private struct Previews: Decodable {
        struct Preview: Decodable {
            struct Total: Decodable {
                let messages: Int
            }

            let total: Total
        }

        let erasure: [Preview]
    }

    private struct Garbage: Decodable {
        struct Shape: Decodable {
            let segments: Int
        }

        let gc: Shape
    }

    private func garbage(in work: Workplace) async throws -> Garbage.Shape {
        try await work.read(Garbage.self, "gc --dry-run").gc
    }

    /// Kills a command at each of its steps, each time from the state that was kept.
    ///
    /// - Parameters:
    ///   - calls: system calls, with every how-manieth of them usually.
    ///   - files: on which they count; none are all.
    ///   - output: what the command makes, which is removed before each time.
    /// - Returns: how often it was killed.
    private func forEachStep(
        of line: String,
        as person: Workplace.Person? = .ada,
        calls: [(name: String, stride: Int)],
        files: [String]? = nil,
        output: String? = nil,
        in work: Workplace,
        check: (String) async throws -> Void
    ) async throws -> Int {
        var kills = 0
        func beginAgain() throws {
            try work.beginAgain()
            if let output { try SystemProgram.run("rm", "-rf", output) }
        }
        for step in 1..<1000 {
            try beginAgain()
            guard try await work.run(line, as: person, crashAt: step).status == 128 + SIGKILL else { break }
            kills += 1
            try await check("step \(step) of \(line)")
        }
        for call in FaultInjection.isPossible ? calls : [] {
            for number in stride(from: 1, to: 100_000, by: TestScale.number(call.stride, inFull: 1)) {
                try beginAgain()
                let fault = work.fault(.kill, at: number, of: call.name, on: files)
                guard try await work.run(line, as: person, under: fault).status == 128 + SIGKILL else { break }
                kills += 1
                try await check("\(fault) of \(line)")
            }
        }
        #expect(kills > 4)
        return kills
    }
}
