import Foundation
import TestSupport
import Testing

extension Workplace {
    private var kept: String { folder + "/kept" }

    /// Keeps the data directory as it is now, so that it can be begun from again.
    func keep() throws {
        try SystemProgram.run("cp", "-a", data, kept)
    }

    /// Puts the data directory back to what was kept.
    func beginAgain() throws {
        try SystemProgram.run("rm", "-rf", data)
        try SystemProgram.run("cp", "-a", kept, data)
    }

    /// The segments of the vault, as files.
    var segments: [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: data + "/vault")) ?? []
        return names.filter { $0.hasSuffix(".seg") }.sorted().map { "\(data)/vault/\($0)" }
    }

    /// The file of a segment, which may not be there yet.
    func segment(_ number: Int) -> String { "\(data)/vault/0000000\(number).seg" }

    /// The files of the vault, those that are not there yet included.
    var vaultFiles: [String] { [data + "/vault"] + (1...9).map(segment) }
    /// The files of the database.
    var databaseFiles: [String] { ["", "-wal", "-shm", "-journal"].map { "\(data)/mailkeep.sqlite\($0)" } }

    func fault(
        _ effect: FaultInjection.Effect,
        at number: Int,
        of call: String,
        on files: [String]
    ) -> FaultInjection {
        let log = folder + "/strace.log"
        try? FileManager.default.removeItem(atPath: log)
        return FaultInjection(effect, at: number, of: call, on: files, log: log)
    }

    /// What starts the leaver's backup and waits for it.
    static let startBackup = "backup start --user \(Person.leaver.rawValue) --wait \(network)"

    /// Lets the backup of a sample of so many mails be completed, and checks that all of it is there, once, and sound.
    func expectCompletion(
        of count: Int,
        _ what: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        func completed() async throws -> Backup? {
            try await read(Backups.self, "backup list").backups.first { $0.status == "completed" }
        }
        if try await completed() == nil { try await run(Self.startBackup, as: .ada).expectDone() }
        let backup = try #require(try await completed(), "\(what)", sourceLocation: sourceLocation)
        let hashes = try await manifest(of: backup.id).hashes
        let isWhole = Set(hashes) == Self.wanted(of: count) && Set(hashes).count == hashes.count
        #expect(isWhole, "\(what)", sourceLocation: sourceLocation)
        #expect(try self.count("message") == hashes.count, "\(what)", sourceLocation: sourceLocation)
        #expect(try self.count(Self.wholeContents) == hashes.count + 1, "\(what)", sourceLocation: sourceLocation)
        try await run("backup verify \(backup.id)", as: .ada).expectDone(sourceLocation: sourceLocation)
        try await expectHealthy(what, thorough: true, sourceLocation: sourceLocation)
    }

    /// Checks that the doctor finds nothing wrong.
    func expectHealthy(
        _ what: String,
        thorough: Bool = false,
        data directory: String? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        var line = "doctor \(Self.network)"
        if thorough { line += " --thorough" }
        if let directory { line += " --data \(directory)" }
        let answer = try await run(line)
        #expect(answer.status == 0, "\(what): \(answer.text)\(answer.errorText)", sourceLocation: sourceLocation)
    }
}

extension Workplace {
    /// A second customer, of a record of its own.
    static let otherCustomer = "jiro@customer.example"

    private static func sample(_ count: Int) -> SampleMailbox {
        SampleMailbox(
            owner: Person.leaver.rawValue,
            contacts: [customer, otherCustomer],
            strangers: [],
            count: count,
            seed: 21,
            associatedFraction: 0.95
        )
    }

    /// The SHA-256 of what a backup of the sample of so many mails holds.
    static func wanted(of count: Int) -> Set<String> {
        let read = sample(count).messages.filter { ![SampleFolder.junk, SampleFolder.drafts].contains($0.folder) }
        return Set(read.filter(\.isAssociated).map { sha256($0.raw) })
    }

    /// An organisation with two customers, whose leaver has so many mails and is deactivated.
    static func withLeaver(mails count: Int, _ body: @escaping @Sendable (Workplace) async throws -> Void) async throws
    {
        try await DovecotServer.withLeaver { server in
            try server.deliver(sample(count), user: Mailbox.account.name)
            try await withWorkplace(log: "info") { work in
                try await work.loadContacts([
                    "12,\(Person.owner.rawValue),Taro,\(customer),",
                    "13,\(Person.owner.rawValue),Jiro,\(otherCustomer),",
                ])
                try await work.save(Mailbox(on: server)).expectDone()
                try await work.deactivate()
                try await body(work)
            }
        }
    }
}
