import Foundation
import GRDB
import MailkeepModel
import TestSupport

@testable import MailkeepStore

/// An organisation made at random, and what a naive model knows of its holds.
struct KeepingWorld {
    /// What was stored of a message: by its subject, as equal subjects are equal bytes.
    struct Mail {
        var addresses: Set<String> = []
        var owners: Set<Int> = []
        /// Of the copy that came first.
        var sentAt: Timestamp?
        var receivedAt: Timestamp?
        /// The users whose backups took it, with the number of the first backup that did.
        var backups: [Int: BackupID] = [:]
    }

    struct StandingHold {
        var scope: HoldScope
        /// Every address that the record had since the hold was placed.
        var addresses: Set<String> = []
    }

    static let customers = (0..<5).map { "c\($0)@customer.example" }
    static let now = Timestamp(rawValue: 1_750_000_000_000)
    private static let day: Int64 = 86_400_000

    let scene: Scene
    let users: [UserID]
    private(set) var mails: [String: Mail] = [:]
    private(set) var holds: [HoldID: StandingHold] = [:]
    private(set) var completed: [Int: [BackupID]] = [:]
    private let mailboxes: [MailboxID]
    /// The addresses of the two contacts; the account and the deal have those of the first, or of both.
    private var contacts: [[String]] = [[], []]
    private var isInAccount = [true, false]
    private var random: SeededRandom

    init(_ scene: Scene, seed: UInt64) throws {
        self.scene = scene
        random = SeededRandom(seed: seed)
        users = try (0..<3).map { try scene.user("user\($0)", $0 == 0 ? .administrator : .standard) }
        mailboxes = try users.map { try scene.mailbox(of: $0, .all) }
        try scene.record(.accounts, 1, owner: users[0])
        for contact in 0..<2 { try change(contact) }
        try scene.record(.deals, 1, owner: users[0], contact: Self.contact(0))
    }

    /// Does something that happens in an organisation.
    mutating func step() throws {
        switch Int.random(in: 0..<12, using: &random) {
        case 0...5: try mail()
        case 6: try change(Int.random(in: 0..<2, using: &random))
        case 7: try backUp(Int.random(in: 0..<3, using: &random))
        case 8, 9: try place()
        case 10:
            guard let hold = holds.keys.sorted().randomElement(using: &random) else { return }
            _ = try scene.transaction.liftHold(hold, reason: "over", by: users[0], at: Self.now)
            holds[hold] = nil
        default: break
        }
    }

    mutating func coin() -> Bool { Bool.random(using: &random) }

    /// A number of customers, and one among them.
    mutating func customer() -> String { Self.customers[Int.random(in: 0..<Self.customers.count, using: &random)] }

    static func contact(_ number: Int) -> RecordKey {
        RecordKey(module: .contacts, id: Identifier(rawValue: Int64(number) + 1))
    }

    // MARK: What happens

    private mutating func mail() throws {
        let subject = "mail \(Int.random(in: 0..<30, using: &random))"
        let owner = Int.random(in: 0..<3, using: &random)
        // Equal bytes have equal headers.
        var mail = mails[subject] ?? fresh()
        let sentAt = mail.sentAt ?? Timestamp(rawValue: 0)
        let entry = try scene.mail(
            nil,
            in: mailboxes[owner],
            folder: coin() ? "INBOX" : "Sent",
            sentAt: sentAt,
            Dictionary(uniqueKeysWithValues: mail.addresses.map { ($0, AddressFields.to) })
        )
        var fetched = scene.fetched(subject, as: entry)
        let date = RetentionPolicy.date(of: candidate(mail))
        fetched.receivedAt = date == mail.sentAt ? nil : date
        try scene.transaction.recordMessages([fetched])
        mail.owners.insert(owner)
        mails[subject] = mail
    }

    private mutating func fresh() -> Mail {
        var mail = Mail()
        for _ in 0..<Int.random(in: 1...3, using: &random) { mail.addresses.insert(customer()) }
        let age = Int64.random(in: 0...400, using: &random) * Self.day
        let came = Self.now.advanced(byMilliseconds: -age)
        switch Int.random(in: 0..<6, using: &random) {
        case 0: mail.sentAt = nil
        case 1: mail.sentAt = came.advanced(byMilliseconds: 90 * Self.day)
        default: mail.sentAt = came.advanced(byMilliseconds: -Self.day)
        }
        if Int.random(in: 0..<5, using: &random) > 0 { mail.receivedAt = came }
        return mail
    }

    /// A contact gets other addresses, and may come to the account or leave it.
    ///
    /// On the way a record that it comes to has had its former addresses, and they are covered as well.
    private mutating func change(_ contact: Int) throws {
        let former = contacts[contact]
        contacts[contact] = Self.customers.filter { _ in Int.random(in: 0..<3, using: &random) == 0 }
        isInAccount[contact] = coin()
        try scene.record(
            .contacts,
            Int64(contact) + 1,
            owner: users[0],
            addresses: contacts[contact],
            account: isInAccount[contact] ? RecordKey(module: .accounts, id: Identifier(rawValue: 1)) : nil
        )
        for (id, hold) in holds {
            guard case .record(let record) = hold.scope else { continue }
            let now = addresses(of: record)
            holds[id]?.addresses.formUnion(now)
            if record.module == .accounts, isInAccount[contact] { holds[id]?.addresses.formUnion(former) }
        }
    }

    private mutating func backUp(_ user: Int) throws {
        let backup = try scene.beginBackup(of: users[user])
        _ = try scene.transaction.freezeMessages(into: backup, limit: .max)
        let isCompleted = coin()
        guard isCompleted ? try scene.complete(backup) : try scene.end(backup, as: .failed) else {
            throw Missing(what: "backup")
        }
        guard isCompleted else { return }
        completed[user, default: []].append(backup.id)
        let associated = Set(contacts.joined())
        for (subject, mail) in mails where mail.owners.contains(user) && mail.backups[user] == nil {
            if !mail.addresses.isDisjoint(with: associated) { mails[subject]?.backups[user] = backup.id }
        }
    }

    private mutating func place() throws {
        let user = Int.random(in: 0..<3, using: &random)
        let scope: HoldScope
        switch Int.random(in: 0..<9, using: &random) {
        case 0: scope = .organization
        case 1, 2: scope = .user(users[user])
        case 3, 4:
            guard let backup = completed[user]?.randomElement(using: &random) else { return }
            scope = .backup(backup)
        case 5, 6: scope = .record(Self.contact(user % 2))
        case 7: scope = .record(RecordKey(module: .accounts, id: Identifier(rawValue: 1)))
        default: scope = .record(RecordKey(module: .deals, id: Identifier(rawValue: 1)))
        }
        let id = try scene.transaction.placeHold(on: scope, reason: "matter", by: users[0], at: Self.now)
        var hold = StandingHold(scope: scope)
        if case .record(let record) = scope { hold.addresses = addresses(of: record) }
        holds[id] = hold
    }

    private func addresses(of record: RecordKey) -> Set<String> {
        switch record.module {
        case .leads: []
        case .contacts: Set(contacts[Int(record.id.rawValue) - 1])
        case .accounts: Set((0..<2).filter { isInAccount[$0] }.flatMap { contacts[$0] })
        case .deals: Set(contacts[0])
        }
    }

    // MARK: What the model says

    /// The holds that cover a message.
    func holds(covering mail: Mail) -> Set<HoldID> {
        Set(
            holds.filter { _, hold in
                switch hold.scope {
                case .organization: true
                case .user(let user):
                    mail.owners.contains { users[$0] == user } || mail.backups.keys.contains { users[$0] == user }
                case .record: !mail.addresses.isDisjoint(with: hold.addresses)
                case .backup(let backup):
                    completed.contains { user, backups in
                        backups.contains(backup) && mail.backups[user].map { $0 <= backup } == true
                    }
                }
            }.keys
        )
    }

    func candidate(_ mail: Mail) -> DeletionCandidate {
        DeletionCandidate(
            sentAt: mail.sentAt,
            receivedAt: mail.receivedAt,
            storedAt: Self.now,
            holds: holds(covering: mail).sorted(),
            isBackedUp: !mail.backups.isEmpty
        )
    }

    /// What an erasure of an address would be refused by.
    func holds(againstErasing address: String) -> Set<HoldID> {
        let concerned = mails.values.filter { $0.addresses.contains(address) }
        let ofRecords = holds.filter { $0.value.addresses.contains(address) }.keys
        return concerned.reduce(into: Set(ofRecords)) { $0.formUnion(holds(covering: $1)) }
    }

    mutating func forget(_ subject: String) { mails[subject] = nil }

    /// The subjects of all that is stored.
    func stored() throws -> Set<String> {
        Set(
            try mails.keys.filter { subject in
                try scene.transaction.exists(
                    "SELECT 1 FROM message WHERE content_key = ?",
                    [scene.content(subject).key]
                )
            }
        )
    }
}
