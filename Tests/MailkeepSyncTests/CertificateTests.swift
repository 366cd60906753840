import Foundation
import MailkeepModel
import MailkeepStore
import Synchronization
import TestSupport
import Testing

@testable import MailkeepSync

@Suite("A backup's certificate adds up", .timeLimit(.minutes(5)))
struct CertificateTests {
    private struct Document: Decodable {
        let header: ManifestHeader
        let messages: [ManifestMessage]
        let totals: ManifestTotals
    }

    private static let customers = (0..<4).map { "customer\($0)@customer.example" }

    /// Holds the equations of docs/operations.md against a backup; returns the lines of its certificate by folder.
    @discardableResult
    private static func check(
        _ backup: BackupDetails,
        _ work: SyncWorkplace,
        _ comment: Comment
    ) async throws -> [String: FolderCounts] {
        let lines = try await work.store.read { try $0.folders(of: backup.id) }
        let bytes = try work.vault.readAll(try #require(backup.manifest), limit: 1 << 24)
        let manifest = try JSONDecoder().decode(Document.self, from: bytes)
        #expect(manifest.header.folders == lines, comment)
        #expect(manifest.header.covered_until == backup.coveredUntil?.iso8601, comment)
        #expect(manifest.messages.count == backup.messages && manifest.totals.messages == backup.messages, comment)
        for line in lines {
            let told: Comment = "\(comment) \(line)"
            #expect(line.associated == line.stored + line.notStored, told)
            #expect(line.associated <= line.considered && line.removed <= line.considered, told)
            if let onServer = line.onServer, line.excluded == nil {
                #expect(line.considered == onServer + line.removed, told)
                #expect(line.notRead == 0, told)
            }
            #expect(line.messages == manifest.messages.count { $0.folders.contains(line.name) }, told)
        }
        #expect(lines.reduce(0) { $0 + $1.messages } == manifest.messages.reduce(0) { $0 + $1.folders.count }, comment)
        if backup.origin == .synchronised { #expect(lines.allSatisfy { $0.onServer == nil }, comment) }
        return Dictionary(uniqueKeysWithValues: lines.map { ($0.name, $0) })
    }

    @Test("Once a hold covers a mail, it is passed over as past retention no more (R1)")
    func holdWhileReading() async throws {
        let work = try await SyncWorkplace()
        let mails = ["1 Jan 2024", "1 Jun 2025"].enumerated().map { number, date in
            POP3MailboxServer.Mail("Date: \(date) 09:00:00 +0000\r\n\(SyncWorkplace.mail(date))", "\(number)")
        }
        let reports = Atomic(0)
        let expired = Atomic(0)
        try await withPOP3Mailbox(mails) { server in
            try await work.store.write {
                try $0.setRetention(RetentionSetting(days: 100, setBy: work.owner), at: work.lastRun)
            }
            try await work.synchronise(work.pop3(port: server.port)) { progress in
                // How much there is to read is told, and then what becomes of it.
                guard progress.found > 0, reports.add(1, ordering: .relaxed).newValue == 2 else { return }
                let passedOver = try await work.store.write { transaction in
                    let (owner, now) = (work.owner, work.lastRun)
                    _ = try transaction.placeHold(on: .user(owner), reason: "matter", by: owner, at: now)
                    return try transaction.folderCounts(of: owner, in: work.mailbox).first?.expired
                }
                expired.store(passedOver ?? 0, ordering: .relaxed)
            }
        }
        #expect(reports.load(ordering: .relaxed) >= 2)
        let passedOver = expired.load(ordering: .relaxed)
        #expect(try await work.counts()?.expired ?? 0 == passedOver)
    }

    @Test("Whatever happened to a mailbox, its records and its backups", arguments: 1...12)
    func histories(seed: UInt64) async throws {
        let work = try await SyncWorkplace()
        let mailbox = ChangingMailbox()
        var history = MailboxHistory(mailbox, customers: Self.customers, seed: seed)
        var completed = 0
        for step in 0..<120 {
            if let addresses = history.step() { try await work.setCustomers(addresses) }
            guard step % 6 == 5 else { continue }
            if step % 4 == 1 {
                _ = try? await work.synchronise(mailbox)
                continue
            }
            let comment: Comment = "seed \(seed), step \(step)"
            do {
                let backup = try await work.backUp(mailbox)
                let lines = try await Self.check(backup, work, comment)
                completed += 1
                let now = mailbox.change { $0 }
                #expect((backup.origin == .mailbox) == now.isReachable, comment)
                guard now.isReachable else { continue }
                for (name, folder) in now.folders where folder.exclusion == nil && !folder.refusesToOpen {
                    let line = try #require(lines[name], comment)
                    let due = folder.mails.filter { history.isCustomers($0.value) && !folder.refused.contains($0.key) }
                    #expect(line.onServer == folder.mails.count && line.stored >= due.count, comment)
                }
                for (name, folder) in now.folders where folder.exclusion != nil {
                    #expect(lines[name]?.excluded == folder.exclusion, comment)
                }
            } catch let failure as SyncFailure {
                // Nothing had been synchronised wholly.
                #expect(failure.code == .auth, comment)
                #expect(!mailbox.change(\.isReachable), comment)
            }
        }
        #expect(completed > 4)
    }

    @Test("A contact that is deleted before the backup has nothing of theirs counted as stored")
    func contactDeletedBefore() async throws {
        let work = try await SyncWorkplace()
        let mailbox = ChangingMailbox()
        mailbox.change { state in
            state.folders["INBOX"] = .init(uidValidity: 1)
            for number in 1...10 { state.folders["INBOX"]?.append(SyncWorkplace.mail("\(number)")) }
        }
        try await work.synchronise(mailbox)
        try await work.setCustomers([])
        let backup = try await work.backUp(mailbox)
        var expected = FolderCounts(name: "INBOX", onServer: 10)
        expected.considered = 10
        #expect(try await Self.check(backup, work, "").values.elementsEqual([expected]))
        #expect(backup.messages == 0)
    }

    @Test("A backup of what was synchronised names junk and drafts, and what is not read yet (B10)")
    func synchronised() async throws {
        let work = try await SyncWorkplace()
        let mailbox = ChangingMailbox()
        mailbox.change { state in
            state.folders["INBOX"] = .init(uidValidity: 1)
            for customer in [SyncWorkplace.customer, Self.customers[0]] {
                state.folders["INBOX"]?.append("From: \(customer)\r\nSubject: \(customer)\r\n\r\nHello\r\n")
            }
            state.folders["Junk"] = .init(uidValidity: 2, exclusion: .junk)
        }
        try await work.synchronise(mailbox)
        try await work.setCustomers([SyncWorkplace.customer, Self.customers[0]])
        mailbox.change { $0.isReachable = false }
        let backup = try await work.backUp(mailbox)
        var inbox = FolderCounts(name: "INBOX")
        (inbox.considered, inbox.associated, inbox.stored, inbox.notRead) = (2, 2, 1, 1)
        let lines = try await Self.check(backup, work, "")
        #expect(lines == ["INBOX": inbox, "Junk": FolderCounts(name: "Junk", excluded: .junk)])
        #expect(backup.origin == .synchronised && backup.messages == 1)
    }

    @Test("Up to when a file is complete nobody knows; what had been covered before it stays so")
    func files() async throws {
        let files = try MailFiles()
        try files.write("From a Mon Jan  5 10:30:00 2026\n" + SyncWorkplace.mail("old", end: "\n"), to: "box")
        func source(isLive: Bool) throws -> FileSource {
            try FileSource(path: "\(files.path)/box", allowed: [files.path], isLive: isLive)
        }
        let work = try await SyncWorkplace()
        let backup = try await work.backUp(try source(isLive: false), isAttached: true)
        #expect(backup.coveredUntil == nil && backup.messages == 1)
        try await Self.check(backup, work, "")
        #expect(try await work.coveredUntil == nil)

        let mailbox = ChangingMailbox()
        mailbox.change { $0.folders["INBOX"] = .init(uidValidity: 1) }
        try await work.synchronise(mailbox)
        let covered = work.lastRun
        let later = try await work.backUp(try source(isLive: false), isAttached: true)
        #expect(later.coveredUntil == covered)
        let lines = try await Self.check(later, work, "")
        // What a file does not hold may be in the mailbox all the same.
        #expect(lines.values.allSatisfy { $0.removed == 0 })
        #expect(try await work.backUp(try source(isLive: true)).coveredUntil == work.lastRun)
    }
}

/// What happens to a mailbox and to the records of its customers, at random.
private struct MailboxHistory {
    private let mailbox: ChangingMailbox
    private let all: [String]
    private var random: SeededRandom
    private var count = 0
    private var uidValidity: UInt32 = 1
    private var customers: Set<String> = []

    init(_ mailbox: ChangingMailbox, customers: [String], seed: UInt64) {
        (self.mailbox, all, random) = (mailbox, customers, SeededRandom(seed: seed))
        mailbox.change { state in
            state.folders["INBOX"] = .init(uidValidity: 1)
            state.folders["Spam"] = .init(uidValidity: 2, exclusion: .junk)
        }
        uidValidity = 2
    }

    func isCustomers(_ mail: String) -> Bool { customers.contains { mail.hasPrefix("From: \($0)\r\n") } }

    /// One thing happens.
    ///
    /// - Returns: all addresses of customers, where they changed.
    mutating func step() -> [String]? {
        count += 1
        let choice = random.below(100)
        if choice < 12 {
            guard let address = all.randomElement(using: &random) else { return nil }
            if customers.remove(address) == nil { customers.insert(address) }
            return customers.sorted()
        }
        if choice < 16 {
            mailbox.change { $0.isReachable.toggle() }
            return nil
        }
        mailbox.change { $0.isReachable = choice < 60 ? true : $0.isReachable }
        var folders = mailbox.change(\.folders)
        change(&folders, choice)
        mailbox.change { $0.folders = folders }
        return nil
    }

    private mutating func change(_ folders: inout [String: ChangingMailbox.Folder], _ choice: Int) {
        let names = folders.filter { $0.value.exclusion == nil }.map(\.key).sorted()
        guard let name = names.randomElement(using: &random), var folder = folders[name] else { return }
        switch choice {
        case ..<52:
            let sender = (all + ["friend@home.example"]).randomElement(using: &random) ?? ""
            let number = random.below(5) == 0 ? 1 : count
            folder.append("From: \(sender)\r\nSubject: \(number)\r\n\r\nHello\r\n")
            if random.below(8) == 0 { folder.refused.insert(folder.uidNext - 1) }
        case ..<60:
            if let uid = folder.mails.keys.sorted().randomElement(using: &random) { folder.mails[uid] = nil }
        case ..<64: folder.mails = [:]
        case ..<68: folder.refused = []
        case ..<74:
            uidValidity += 1
            let mails = folder.mails.sorted { $0.key < $1.key }.map(\.value)
            folder = .init(uidValidity: uidValidity)
            for mail in mails where random.below(4) > 0 { folder.append(mail) }
        case ..<82:
            uidValidity += 1
            folders["Folder \(random.below(4))"] = .init(uidValidity: uidValidity)
            return
        case ..<90 where name != "INBOX":
            folders[name] = nil
            folders["Renamed \(random.below(4))"] = folder
            return
        case ..<94 where name != "INBOX":
            folders[name] = nil
            return
        case ..<97 where name != "INBOX": folder.refusesToOpen.toggle()
        default: folder.exclusion = name == "INBOX" || random.below(2) > 0 ? nil : .drafts
        }
        folders[name] = folder
    }
}
