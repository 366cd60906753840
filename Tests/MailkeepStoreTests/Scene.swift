import Foundation
import GRDB
import MailkeepKeys
import MailkeepModel

@testable import MailkeepStore

/// What makes up an organisation, in the words of the tests.
struct Scene {
    let transaction: WriteTransaction
    let hasher: AddressHasher
    let now = Timestamp(rawValue: 1_750_000_000_000)

    /// The keyed hash of an address, which is lower-cased first as reading a header does.
    func hash(_ address: String) -> Data { Data(hasher.hash(address.lowercased())) }

    /// A user at `NAME@example.jp`.
    func user(
        _ name: String,
        _ profile: Profile = .standard,
        status: UserStatus = .active,
        role: RoleID? = nil
    ) throws -> UserID {
        let email = "\(name)@example.jp"
        let user = NewUser(
            email: email,
            normalizedEmail: email,
            domain: "example.jp",
            name: name,
            profile: profile,
            status: status,
            role: role,
            locale: .english
        )
        return try transaction.insertUser(user, addressHash: hash(email), at: now)
    }

    /// A role, the closure included.
    func role(_ name: String, under superior: RoleID? = nil) throws -> RoleID {
        let role = try transaction.ensureRole(named: name)
        try transaction.setSuperior(of: role, to: superior)
        _ = try transaction.rebuildRoleHierarchy()
        return role
    }

    /// A user's mail add-on settings, saved; their mailbox is at `ADDRESS`.
    @discardableResult
    func mailbox(
        of user: UserID,
        _ sharing: SharingSetting,
        at address: String? = nil,
        credentials: MailCredentials? = nil
    ) throws -> MailboxID {
        let address = address ?? "box\(user)@example.jp"
        let settings = NewMailAddonSettings(
            address: address,
            normalizedAddress: address,
            domain: String(address.drop { $0 != "@" }.dropFirst()),
            accountType: .imap,
            server: MailServer(host: "mail.example.jp", port: 993, security: .tls),
            path: nil,
            credentials: credentials,
            sharing: sharing
        )
        try transaction.saveMailAddon(settings, of: user, addressHash: hash(address), at: now)
        guard let saved = try transaction.mailAddon(of: user) else { throw Missing(what: "settings") }
        return saved.mailbox
    }

    func alias(_ address: String, of user: UserID) throws {
        try transaction.addInternalAddress(hash(address), of: user, kind: .alias)
    }

    /// A record as it stands from now on, with these addresses.
    @discardableResult
    func record(
        _ module: Module,
        _ id: Int64,
        owner: UserID,
        addresses: [String] = [],
        account: RecordKey? = nil,
        contact: RecordKey? = nil,
        sharedWith: [UserID] = []
    ) throws -> RecordKey {
        let key = RecordKey(module: module, id: Identifier(rawValue: id))
        let record = Record(
            key: key,
            owner: owner,
            name: "\(key)",
            addresses: addresses.map { RecordAddress(address: $0, hash: hash($0)) },
            account: account,
            contact: contact,
            sharedWith: sharedWith
        )
        try transaction.upsertRecord(record, at: now)
        return key
    }

    /// A mail that was seen in a folder, and stored when `subject` names it.
    ///
    /// Equal subjects are equal bytes.
    @discardableResult
    func mail(
        _ subject: String?,
        in mailbox: MailboxID,
        folder: String = "INBOX",
        uidValidity: UInt32 = 1,
        sentAt: Timestamp? = nil,
        _ addresses: [String: AddressFields]
    ) throws -> Int64 {
        let position = try transaction.folder(named: folder, in: mailbox, uidValidity: uidValidity)
        var hashes: [Data: AddressFields] = [:]
        for (address, fields) in addresses { hashes[hash(address), default: []].formUnion(fields) }
        let header = SeenHeader(uid: position.nextUID, size: 1000, sentAt: sentAt ?? now, addresses: hashes)
        try transaction.recordHeaders([header], in: position.id)
        try transaction.moveFolder(position.id, toUID: position.nextUID + 1)
        let entry: Int64? = try transaction.row(
            "SELECT id FROM entry WHERE folder_id = ? AND uid = ?",
            [position.id, Int64(position.nextUID)]
        )?["id"]
        guard let entry else { throw Missing(what: "entry") }
        if let subject { try transaction.recordMessages([fetched(subject, as: entry)]) }
        return entry
    }

    func fetched(_ subject: String, as entry: Int64) -> FetchedMessage {
        FetchedMessage(entry: entry, content: content(subject), size: 1000, summary: summary(subject))
    }

    /// Where the content that a name stands for lies.
    func content(_ name: String) -> DurableContent {
        let key = Data(hasher.hash("content " + name))
        return DurableContent(.init(ContentLocation(key: key, segment: 1, offset: 0, length: 1000), isNew: true))
    }

    func summary(_ subject: String) -> MessageSummary {
        MessageSummary(
            sha256: Data(subject.utf8),
            messageID: nil,
            subject: subject,
            from: [],
            to: [],
            cc: [],
            snippet: "",
            attachments: []
        )
    }

    func message(_ subject: String) throws -> MessageID {
        let row = try transaction.row("SELECT id FROM message WHERE content_key = ?", [content(subject).key])
        guard let id: Int64 = row?["id"] else { throw Missing(what: "message") }
        return MessageID(rawValue: id)
    }
}

/// A test's own arrangement is not as it thought.
struct Missing: Error {
    let what: String
}
