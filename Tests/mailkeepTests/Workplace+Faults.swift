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

    /// All files on which the data directory's durability rests, those that are not there yet included.
    var durableFiles: [String] {
        [data, data + "/vault"] + ["", "-wal", "-shm", "-journal"].map { "\(data)/mailkeep.sqlite\($0)" }
            + (1...9).map(segment)
    }

    func fault(
        _ effect: FaultInjection.Effect,
        at number: Int,
        of call: String,
        on files: [String]? = nil
    ) -> FaultInjection {
        let log = folder + "/strace.log"
        try? FileManager.default.removeItem(atPath: log)
        return FaultInjection(effect, at: number, of: call, on: files ?? durableFiles, log: log)
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
            try await withWorkplace { work in
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
