import Foundation
import MailkeepModel
import Synchronization
import TestSupport
import Testing

@Suite("Servers that are killed at random under load, by shell", .timeLimit(.minutes(60)))
struct RandomKillTests {
    private static let busy = DovecotServer.User("hana", password: "Winter-2025!y")
    private static let leaver = "--user \(Workplace.Person.leaver.rawValue)"
    private static let latest = "backup latest \(leaver) --wait \(Workplace.network)"
    private static let sync = "mailbox sync --user \(Workplace.Person.owner.rawValue) --wait \(Workplace.network)"

    /// What people were told, and may rely on.
    private struct Told {
        /// SHA-256 of messages that were shown.
        var messages: Set<String> = []
        /// Completed backups, with how many messages they hold.
        var backups: [String: Int] = [:]
    }

    @Test("Whenever a server is killed, all that it had told is there, and everything verifies")
    func kills() async throws {
        let kills = TestScale.number(20, inFull: 200)
        try await withDovecot(users: [Workplace.Mailbox.account, Self.busy]) { server in
            for folder in ["Sent", "Trash", "Junk", "Drafts"] {
                try server.createFolder(folder, user: Workplace.Mailbox.account.name)
            }
            try server.deliver(StoryMail.before)
            try server.deliver((0..<100).map { Self.mail("first \($0)") }, user: Self.busy.name)
            try await withWorkplace(log: "info") { work in
                try await work.save(Workplace.Mailbox(on: server)).expectDone()
                try await work.deactivate()
                var mailbox = Workplace.Mailbox(on: server)
                (mailbox.username, mailbox.password) = (Self.busy.name, Self.busy.password)
                try await work.save(mailbox, of: .owner).expectDone()
                let first = try await work.backUp()

                let told = Mutex(Told(backups: [first.id: first.messages]))
                var (atWork, random) = (0, SystemRandomNumberGenerator())
                var delivered = 100
                func isEnough(_ turns: Int) -> Bool {
                    turns >= kills && (atWork > 0 && told.withLock { $0.backups.count } > 1 || turns >= 10 * kills)
                }
                var turns = 0
                while !isEnough(turns) {
                    let turn = turns
                    turns += 1
                    try server.deliver((0..<8).map { Self.mail("busy \(turn) \($0)") }, user: Self.busy.name)
                    try server.deliver([Self.mail("leaver \(turn)")], user: Workplace.Mailbox.account.name)
                    delivered += 8
                    try await work.startServer(syncInterval: 1)
                    // On a slow machine no backup ends in so short a life.
                    let longest = TestScale.number(600, inFull: 900) * (1 + turn / kills)
                    let time = Int.random(in: 0...longest, using: &random)
                    try await load(work, told, for: .milliseconds(time))
                    if try work.count("job WHERE state IN ('waiting', 'running')") > 0 { atWork += 1 }
                    try await check(told.withLock { $0 }, turn, in: work)
                }
                #expect(atWork > 0)
                let all = told.withLock { $0 }
                #expect(all.backups.count > 1 && all.messages.count > StoryMail.before.count)
                try await complete(work, told, delivered: delivered, turns: turns)
                TestScale.tell(
                    "random kills: \(turns), \(atWork) of them in the middle of jobs, after "
                        + "\(all.messages.count) messages, \(all.backups.count) backups had been told"
                )
            }
        }
    }

    /// Lets people read, synchronise and back up, and kills the server in the middle of it.
    private func load(_ work: Workplace, _ told: borrowing Mutex<Told>, for time: Duration) async throws {
        let isOver = Flag()
        async let killed: Void = kill(work, after: time, isOver)
        async let synchronised: Void = synchronise(in: work, until: isOver)
        async let done = backUp(in: work, until: isOver)
        while !isOver.isSet {
            let answer = try await work.run("records emails --module Contacts --id 12", as: .owner, json: true)
            guard answer.status == 0 else { continue }
            let shown = try JSONDecoder().decode(Emails.self, from: answer.output).Emails.map(\.sha256)
            told.withLock { $0.messages.formUnion(shown) }
        }
        _ = try await (killed, synchronised)
        let backups = try await done
        told.withLock { told in
            for backup in backups where backup.status == "completed" { told.backups[backup.id] = backup.messages }
        }
    }

    private func kill(_ work: Workplace, after time: Duration, _ isOver: Flag) async throws {
        defer { isOver.set() }
        try await Task.sleep(for: time)
        isOver.set()
        try await work.killServer()
    }

    private func synchronise(in work: Workplace, until isOver: Flag) async throws {
        while !isOver.isSet { _ = try await work.run(Self.sync, as: .owner) }
    }

    /// - Returns: backups that are said to be completed.
    private func backUp(in work: Workplace, until isOver: Flag) async throws -> [Backup] {
        var done: [Backup] = []
        while !isOver.isSet {
            let answer = try await work.run(Self.latest, as: .ada, json: true)
            guard answer.status == 0 else { continue }
            let actions = try JSONDecoder().decode(Actions.self, from: answer.output)
            done += actions.all.compactMap(\.details.backup)
        }
        return done
    }

    private func check(_ told: Told, _ turn: Int, in work: Workplace) async throws {
        let what = "kill \(turn)"
        let seen = try #require(try await work.emails(seenBy: .owner)).map(\.sha256)
        #expect(Set(seen).isSuperset(of: told.messages), "\(what)")
        #expect(Set(seen).count == seen.count, "\(what)")
        let backups = try await work.read(Backups.self, "backup list \(Self.leaver)").backups
        for (id, messages) in told.backups {
            let backup = backups.first { $0.id == id }
            #expect(backup?.status == "completed" && backup?.messages == messages, "\(what): backup \(id)")
        }
        guard turn.isMultiple(of: TestScale.number(5, inFull: 1)) else { return }
        try await work.expectHealthy(what)
        let newest = try #require(told.backups.keys.max { (Int($0) ?? 0) < (Int($1) ?? 0) })
        try await work.run("backup verify \(newest)", as: .ada).expectDone()
    }

    /// What was interrupted ends, all of it once.
    private func complete(
        _ work: Workplace,
        _ told: borrowing Mutex<Told>,
        delivered: Int,
        turns: Int
    ) async throws {
        try await work.startServer()
        try await work.run(Self.sync, as: .owner).expectDone()
        try await work.wait { try work.count("job WHERE state IN ('waiting', 'running')") == 0 }
        let last = try await work.backUp("latest")
        told.withLock { $0.backups[last.id] = last.messages }
        #expect(last.messages == StoryMail.associated(StoryMail.before).count + turns)
        let seen = try #require(try await work.emails(seenBy: .owner))
        #expect(Set(seen.map(\.sha256)).count == seen.count)
        #expect(seen.count == last.messages + delivered)
        try await work.stopServer()
        for id in told.withLock({ $0.backups.keys.sorted() }) {
            try await work.run("backup verify \(id)", as: .ada).expectDone()
        }
        try await work.expectHealthy("in the end", thorough: true)
        try await work.run("audit verify", as: .ada).expectDone()
    }

    /// A customer's mail, with an attachment that is kept apart.
    private static func mail(_ subject: String) -> [UInt8] {
        let scan = Data("\(subject) \(UUID().uuidString) ".utf8)
        let lines = [
            "From: <\(Workplace.customer)>", "To: <info@sakura.example>", "Subject: \(subject)",
            "Date: Mon, 6 Apr 2026 09:00:00 +0900", "MIME-Version: 1.0",
            "Content-Type: multipart/mixed; boundary=b", "", "--b", "Content-Type: text/plain", "", "See \(subject).",
            "--b", "Content-Type: application/pdf", "Content-Transfer-Encoding: base64", "",
            Data((0..<600).flatMap { _ in scan }).base64EncodedString(options: [
                .lineLength76Characters, .endLineWithCarriageReturn, .endLineWithLineFeed,
            ]), "--b--", "",
        ]
        return Array(lines.joined(separator: "\r\n").utf8)
    }
}

/// Whether something is over.
private final class Flag: Sendable {
    private let state = Atomic(false)

    var isSet: Bool { state.load(ordering: .relaxed) }

    func set() { state.store(true, ordering: .relaxed) }
}
