import Foundation
import MailkeepModel
import TestSupport
import Testing

/// Garbage collection, snapshots, restoring, and a backup that trains a dictionary, each killed at one step after the other.
@Suite("Work on the whole vault that is killed, by shell", .timeLimit(.minutes(60)))
struct KilledMaintenanceTests {
    /// Calls of the operating system at which a command is killed, and every how-manieth of them usually.
    private struct Calls {
        let name: String
        let stride: Int
        /// On which they count; none are all.
        let files: [String]

        init(_ name: String, every stride: Int, on files: [String] = []) {
            self.name = name
            self.stride = stride
            self.files = files
        }
    }

    /// So many mails that a dictionary is trained on them.
    private static let many = 1200

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

            // Threads are counted apart from each other: the vault's calls would hide behind the database's.
            let calls = [
                Calls("pwrite64", every: 30, on: work.vaultFiles), Calls("pwrite64", every: 60, on: work.databaseFiles),
                Calls("fdatasync", every: 1, on: work.vaultFiles),
                Calls("fdatasync", every: 10, on: work.databaseFiles),
                Calls("fsync", every: 1, on: work.vaultFiles), Calls("/^unlink", every: 1, on: work.vaultFiles),
            ]
            let places = try await forEachStep(of: "gc", calls: calls, in: work) { what in
                #expect(try work.count("message") == left, "\(what)")
                try await work.expectHealthy(what, thorough: true)
                try await work.run("gc", as: .ada).expectDone()
                #expect(try await garbage(in: work).segments == 0, "\(what)")
                try await work.run("backup verify \(backup.id)", as: .ada).expectDone()
                #expect(try await work.emails(seenBy: .owner)?.count == left, "\(what)")
            }
            TestScale.tell("garbage collection: killed at \(places)")
        }
    }

    @Test("A snapshot that is killed at any step leaves the directory as it was, and the next one can be restored")
    func snapshot() async throws {
        try await Workplace.withLeaver(mails: 60) { work in
            let backup = try await work.backUp()
            try work.keep()
            let file = work.folder + "/snapshot.tar"
            let restored = work.folder + "/restored"
            let calls = [
                Calls("write", every: 30), Calls("pwrite64", every: 150), Calls("fsync", every: 1),
                Calls("fdatasync", every: 5), Calls("/^link", every: 1),
            ]
            let line = "snapshot --output \(file) --with-keys"
            let places = try await forEachStep(of: line, calls: calls, output: file, in: work) { what in
                try await work.expectHealthy(what)
                let names = try FileManager.default.contentsOfDirectory(atPath: work.folder)
                #expect(!names.contains { $0.hasPrefix(".") }, "\(what): \(names)")
                // What bears the name is whole.
                if !FileManager.default.fileExists(atPath: file) { try await work.run(line, as: .ada).expectDone() }
                try await work.run("restore \(file) --data \(restored)").expectDone()
                try await work.run("backup verify \(backup.id) --data \(restored)", as: .ada).expectDone()
                try FileManager.default.removeItem(atPath: restored)
            }
            TestScale.tell("snapshot: killed at \(places)")
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
                Calls("/^mkdir", every: 4), Calls("write", every: 60), Calls("pwrite64", every: 100),
                Calls("fsync", every: 5), Calls("fdatasync", every: 6), Calls("/^rename", every: 1),
            ]
            let line = "restore \(file) --data \(restored)"
            let places = try await forEachStep(of: line, as: nil, calls: calls, output: folder, in: work) {
                what in
                if !FileManager.default.fileExists(atPath: restored + "/mailkeep.sqlite") {
                    try await work.run(line).expectDone()
                }
                try await work.run("backup verify \(backup.id) --data \(restored)", as: .ada).expectDone()
                try await work.expectHealthy(what, thorough: true, data: restored)
                let left = try FileManager.default.contentsOfDirectory(atPath: folder)
                #expect(left == ["restored"], "\(what)")
            }
            TestScale.tell("restore: killed at \(places)")
        }
    }

    @Test(
        "A backup that is killed while it begins a segment with a trained dictionary goes on; nothing is lost or doubled"
    )
    func dictionary() async throws {
        try await Workplace.withLeaver(mails: Self.many) { work in
            try work.keep()
            var kills = 0
            for (call, usual) in [("openat", 0), ("pwrite64", 1), ("fdatasync", 0), ("fsync", 1)] {
                let files = call == "fsync" ? work.vaultFiles : [work.segment(2)]
                for number in stride(from: 1, through: TestScale.number(usual, inFull: 1000), by: 1) {
                    try work.beginAgain()
                    let fault = work.fault(.kill, at: number, of: call, on: files)
                    let answer = try await work.run(Workplace.startBackup, as: .ada, under: fault)
                    guard answer.status == 128 + SIGKILL else {
                        try answer.expectDone()
                        break
                    }
                    kills += 1
                    #expect(try await work.emails(seenBy: .owner)?.isEmpty == true, "\(fault)")
                    try await work.expectHealthy("\(fault)")
                    try await work.expectCompletion(of: Self.many, "\(fault)")
                }
            }
            #expect(kills >= 2)
            #expect(work.segments.count >= 2)
            TestScale.tell("beginning a segment with a dictionary: killed at \(kills) steps")
        }
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

    /// Kills a command at each of its durable steps and at calls of the operating system, each time from the state that was
    /// kept.
    ///
    /// - Parameter output: what the command makes, which is removed before each time.
    /// - Returns: how often it was killed.
    private func forEachStep(
        of line: String,
        as person: Workplace.Person? = .ada,
        calls: [Calls],
        output: String? = nil,
        in work: Workplace,
        check: (String) async throws -> Void
    ) async throws -> String {
        /// - Returns: how often it was killed, from 1 on by a stride until it was not.
        func kill(
            every usual: Int,
            _ what: String,
            _ run: (Int) async throws -> ShellAnswer
        ) async throws -> Int {
            var kills = 0
            for number in stride(from: 1, to: 100_000, by: TestScale.number(usual, inFull: 1)) {
                try work.beginAgain()
                if let output { try SystemProgram.run("rm", "-rf", output) }
                let answer = try await run(number)
                guard answer.status == 128 + SIGKILL else {
                    try answer.expectDone()
                    break
                }
                kills += 1
                try await check("\(line) killed at \(what) #\(number)")
            }
            #expect(kills > 0, "\(line): \(what)")
            return kills
        }
        var told = ["\(try await kill(every: 3, "step") { try await work.run(line, as: person, crashAt: $0) }) steps"]
        for call in FaultInjection.isPossible ? calls : [] {
            let kills = try await kill(every: call.stride, call.name) { number in
                let fault = work.fault(.kill, at: number, of: call.name, on: call.files)
                return try await work.run(line, as: person, under: fault)
            }
            told.append("\(kills) \(call.name)")
        }
        return told.joined(separator: ", ")
    }
}
