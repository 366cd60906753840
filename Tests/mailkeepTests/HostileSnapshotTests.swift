import Crypto
import Foundation
import TestSupport
import Testing

@Suite("Snapshots that were cut off, changed or made up, by shell")
struct HostileSnapshotTests {
    @Test("Cut off anywhere, a snapshot is refused and leaves nothing")
    func cut() async throws {
        try await withSnapshot { work, file, _ in
            let whole = try #require(FileManager.default.contents(atPath: file))
            // Behind the last file's block come zeros alone.
            let end = try #require(whole.lastIndex { $0 != 0 })
            for length in stride(from: 0, through: end, by: max(1, end / 24)) + [end - 100, end] {
                let cut = work.folder + "/cut.tar"
                try whole.prefix(length).write(to: URL(filePath: cut))
                try await expectRefused(cut, in: work, ["snapshot_damaged", "snapshot_none"])
            }
        }
    }

    @Test("A byte that was changed anywhere is noticed")
    func changed() async throws {
        try await withSnapshot { work, file, parts in
            let whole = try #require(FileManager.default.contents(atPath: file))
            for name in parts {
                let content = try #require(FileManager.default.contents(atPath: "\(work.folder)/parts/\(name)"))
                let place = try #require(whole.range(of: content)).lowerBound
                for offset in [0, content.count / 2, content.count - 1] {
                    var bytes = whole
                    bytes[place + offset] ^= 1
                    let changed = work.folder + "/changed.tar"
                    try bytes.write(to: URL(filePath: changed))
                    try await expectRefused(
                        changed,
                        in: work,
                        ["snapshot_damaged", "snapshot_none", "snapshot_newer", "snapshot_other_keys"]
                    )
                }
            }
        }
    }

    @Test("Links, other paths, missing, further and doubled files are refused, and write nothing elsewhere")
    func madeUp() async throws {
        try await withSnapshot { work, _, parts in
            let folder = work.folder + "/parts"
            let outside = work.folder + "/outside"
            let last = Array(parts.suffix(2))
            let body = Array(parts.dropLast(2))
            try Data("x".utf8).write(to: URL(filePath: folder + "/evil"))
            try FileManager.default.createSymbolicLink(atPath: folder + "/link", withDestinationPath: outside)
            try FileManager.default.createDirectory(atPath: folder + "/vault/sub", withIntermediateDirectories: true)
            let database = body.filter { $0 != "mailkeep.sqlite" }
            let made: [(String, [String])] = [
                ("without the database", database + last),
                ("without keys", body.filter { !$0.hasPrefix("keys/") } + last),
                ("without a manifest", body), ("without a signature", body + [last[0]]),
                ("the database twice", body + ["mailkeep.sqlite"] + last),
                ("something behind the end", parts + ["vault/00000009.seg"]),
                ("above it", body + ["--transform=s,evil,../outside,", "evil"] + last),
                ("an absolute path", body + ["--transform=s,evil,\(outside),", "evil"] + last),
                ("a lock", body + ["--transform=s,^evil,lock,", "evil"] + last),
                ("a socket's name", body + ["--transform=s,^evil,vault/../run.sock,", "evil"] + last),
                ("a hidden file", body + ["--transform=s,^evil,vault/.seg,", "evil"] + last),
                ("a symbolic link", body + ["--transform=s,^link,vault/00000009.seg,rS", "link"] + last),
                ("a folder", body + ["vault/sub"] + last),
                ("another order", [parts[1], parts[0]] + parts.dropFirst(2)),
                ("a segment more", body + ["--transform=s,^evil,vault/00000009.seg,", "evil"] + last),
            ]
            try Data("y".utf8).write(to: URL(filePath: folder + "/vault/00000009.seg"))
            for (what, members) in made {
                let file = work.folder + "/made.tar"
                try SystemProgram.run("tar", ["-P", "--no-recursion", "-cf", file, "-C", folder] + members)
                try await expectRefused(file, in: work, ["snapshot_damaged", "snapshot_none"], what)
                #expect(!FileManager.default.fileExists(atPath: outside), "\(what)")
            }
            // A hard link to what came before.
            try SystemProgram.run("ln", folder + "/mailkeep.sqlite", folder + "/vault/00000008.seg")
            let file = work.folder + "/made.tar"
            try SystemProgram.run("tar", ["-cf", file, "-C", folder] + body + ["vault/00000008.seg"] + last)
            try await expectRefused(file, in: work, ["snapshot_damaged"])
        }
    }

    @Test("A manifest that was made to fit changed files does not have the keys' signature")
    func forged() async throws {
        try await withSnapshot { work, _, parts in
            let folder = work.folder + "/parts"
            func digest(_ name: String) throws -> String {
                sha256(Array(try #require(FileManager.default.contents(atPath: "\(folder)/\(name)"))))
            }
            func replace(_ old: String, by new: String, in name: String) throws {
                let path = "\(folder)/\(name)"
                let text = try String(contentsOfFile: path, encoding: .utf8)
                #expect(text.contains(old))
                try text.replacing(old, with: new).write(toFile: path, atomically: false, encoding: .utf8)
            }
            let file = work.folder + "/made.tar"
            let before = try digest("mailkeep.sqlite")
            let database = try #require(FileHandle(forUpdatingAtPath: folder + "/mailkeep.sqlite"))
            try database.seek(toOffset: 60)
            try database.write(contentsOf: Data([1]))
            try database.close()
            try replace(before, by: try digest("mailkeep.sqlite"), in: "manifest.json")
            try SystemProgram.run("tar", ["-cf", file, "-C", folder] + parts)
            try await expectRefused(file, in: work, ["snapshot_damaged"])

            // Signed by somebody else, who says so.
            let key = Curve25519.Signing.PrivateKey()
            let header = try digest("snapshot.json")
            let text = try String(contentsOfFile: folder + "/snapshot.json", encoding: .utf8)
            let own = try #require(text.firstMatch(of: #/"public_key":"([^"]+)"/#)).output.1
            let other = key.publicKey.rawRepresentation.base64EncodedString()
            try replace(String(own), by: other, in: "snapshot.json")
            try replace(header, by: try digest("snapshot.json"), in: "manifest.json")
            let manifest = try #require(FileManager.default.contents(atPath: folder + "/manifest.json"))
            let signature = try key.signature(for: Data(SHA256.hash(data: manifest)))
            try signature.base64EncodedData().write(to: URL(filePath: folder + "/manifest.sig"))
            try SystemProgram.run("tar", ["-cf", file, "-C", folder] + parts)
            try await expectRefused(file, in: work, ["snapshot_other_keys"])
        }
    }

    @Test("A newer format or schema, and what is no snapshot, are told apart")
    func others() async throws {
        try await withSnapshot { work, _, parts in
            let folder = work.folder + "/parts"
            let header = folder + "/snapshot.json"
            let text = try String(contentsOfFile: header, encoding: .utf8)
            let file = work.folder + "/made.tar"
            for newer in [
                text.replacing("\"1\"", with: "\"1\",\"999\""), text.replacing("snapshot-1", with: "snapshot-2"),
            ] {
                try newer.write(toFile: header, atomically: false, encoding: .utf8)
                try SystemProgram.run("tar", ["-cf", file, "-C", folder] + parts)
                try await expectRefused(file, in: work, ["snapshot_newer"])
            }
            try "{}".write(toFile: header, atomically: false, encoding: .utf8)
            try SystemProgram.run("tar", ["-cf", file, "-C", folder] + parts)
            try await expectRefused(file, in: work, ["snapshot_none"])
            try SystemProgram.run("tar", ["-czf", file, "-C", folder] + parts)
            try await expectRefused(file, in: work, ["snapshot_none"])
            try await expectRefused(work.folder, in: work, ["snapshot_none"])
            try await expectRefused("/dev/zero", in: work, ["snapshot_none"])
            try await expectRefused(work.folder + "/absent", in: work, ["snapshot_unreadable"])
        }
    }

    private func withSnapshot(
        _ body: (Workplace, _ file: String, _ parts: [String]) async throws -> Void
    ) async throws {
        try await DovecotServer.withLeaver { server in
            try server.deliver(StoryMail.before)
            try await withWorkplace { work in
                try await work.save(Workplace.Mailbox(on: server)).expectDone()
                try await work.deactivate()
                _ = try await work.backUp()
                let file = work.folder + "/snapshot.tar"
                try await work.run("snapshot --output \(file) --with-keys", as: .ada).expectDone()
                try FileManager.default.createDirectory(
                    atPath: work.folder + "/parts",
                    withIntermediateDirectories: true
                )
                try SystemProgram.run("tar", "-xf", file, "-C", work.folder + "/parts")
                let parts = try SystemProgram.run("tar", "-tf", file).split(separator: "\n").map(String.init)
                #expect(parts.count == 7)
                try await body(work, file, parts)
                // What was refused so often is good as it was taken.
                try await work.run("restore \(file) --data \(work.folder)/good").expectDone()
            }
        }
    }

    private func expectRefused(
        _ file: String,
        in work: Workplace,
        _ reasons: Set<String>,
        _ what: String = "",
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let target = work.folder + "/target"
        let answer = try await work.run("restore \(file) --json --data \(target)")
        #expect(answer.status == 65, "\(what) \(answer.errorText)", sourceLocation: sourceLocation)
        let reason = try answer.error(sourceLocation: sourceLocation).details.reason ?? ""
        #expect(reasons.contains(reason), "\(what) \(reason)", sourceLocation: sourceLocation)
        #expect(!FileManager.default.fileExists(atPath: target), sourceLocation: sourceLocation)
        let left = try FileManager.default.contentsOfDirectory(atPath: work.folder)
        #expect(left.allSatisfy { !$0.contains("restoring") }, sourceLocation: sourceLocation)
    }
}
