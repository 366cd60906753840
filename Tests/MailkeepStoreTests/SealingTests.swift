import Foundation
import GRDB
import MailkeepKeys
import MailkeepModel
import Testing

@testable import MailkeepStore

@Suite("What is sealed cannot be read on disk (design decision 9)")
struct SealingTests {
    private static let canaries = [
        "canary-subject-2931", "canary-sender@canary.example", "Canary Sender Name", "canary-recipient@canary.example",
        "canary-copied@canary.example", "canary-snippet-8842", "canary-attachment-77.xlsx", "canary-message-id-551",
        "canary-username-6120", "canary-password-9817", "canary-authorize-3307", "canary-source-user-4410",
        "canary-source-password-5523", "金糸雀の見積書第九号",
    ]

    private static func party(_ address: String, _ name: String? = nil) -> MessageSummary.Party {
        MessageSummary.Party(name: name, address: address)
    }

    private static let summary = MessageSummary(
        sha256: Data(repeating: 7, count: 32),
        messageID: "<canary-message-id-551>",
        subject: "canary-subject-2931 金糸雀の見積書第九号",
        from: [party("canary-sender@canary.example", "Canary Sender Name")],
        to: [party("canary-recipient@canary.example")],
        cc: [party("canary-copied@canary.example")],
        snippet: "canary-snippet-8842",
        attachments: [.init(name: "canary-attachment-77.xlsx", contentType: "application/octet-stream", size: 1)]
    )

    private static let credentials = MailCredentials(
        username: "canary-username-6120",
        password: "canary-password-9817",
        authorizeAs: "canary-authorize-3307"
    )

    private static let source = MailCredentials(
        username: "canary-source-user-4410",
        password: "canary-source-password-5523"
    )

    /// One mail with the summary above, another mail, and credentials of two users.
    private static func office() async throws -> (Organization, [UserID]) {
        try await Organization.make { scene in
            let users = try ["first", "second"].map { try scene.user($0) }
            for user in users {
                let mailbox = try scene.mailbox(of: user, .all, credentials: credentials)
                let source = BackupSource(credentials: source, attachedBy: user, attachedAt: scene.now)
                try scene.transaction.attachBackupSource(source, to: user)
                let entry = try scene.mail(
                    nil,
                    in: mailbox,
                    [
                        "canary-sender@canary.example": .from, "canary-recipient@canary.example": .to,
                        "canary-copied@canary.example": .cc, Stage.customer: .bcc,
                    ]
                )
                var message = scene.fetched("content", as: entry)
                message.summary = summary
                try scene.transaction.recordMessages([message])
                try scene.mail("other", in: mailbox, [Stage.customer: .to])
            }
            try scene.record(.contacts, 1, owner: users[0], addresses: [Stage.customer])
            return users
        }
    }

    /// A text in every form in which it might lie in a file.
    private static func forms(_ text: String) -> [Data] {
        let bytes = Data(text.utf8)
        // Base64 starts at any byte of three: the characters that hold only bytes of the text are the same in all texts.
        let base64 = (0..<3).compactMap { shift -> Data? in
            let encoded = (Data(count: shift) + bytes).base64EncodedString()
            let inner = encoded.dropFirst((shift * 8 + 5) / 6).prefix((bytes.count * 8 - 6) / 6)
            return Data(inner.utf8)
        }
        let escaped = text.unicodeScalars.map { $0.isASCII ? "\($0)" : String(format: "\\u%04x", $0.value) }.joined()
        let hex = bytes.map { String(format: "%02x", $0) }.joined()
        let utf16 = [String.Encoding.utf16LittleEndian, .utf16BigEndian, .shiftJIS].compactMap { text.data(using: $0) }
        return [bytes, Data(escaped.utf8), Data(hex.utf8), Data(hex.uppercased().utf8)] + base64 + utf16
    }

    private static func found(_ texts: [String], in directory: URL) throws -> Set<String> {
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        let files = names.filter { $0.hasPrefix("mailkeep.sqlite") }
        #expect(!files.isEmpty)
        let contents = try files.map { try Data(contentsOf: directory.appending(path: $0)) }
        return Set(
            texts.filter { text in
                forms(text).contains { form in contents.contains { $0.range(of: form) != nil } }
            }
        )
    }

    @Test("No file of the database holds a subject, an address, a snippet, an attachment's name or a credential")
    func canaries() async throws {
        let (organization, users) = try await Self.office()
        let clear = ["first@example.jp", Stage.customer]
        #expect(try Self.found(clear, in: organization.directory) == Set(clear), "the search itself finds")
        #expect(try Self.found(Self.canaries, in: organization.directory) == [])
        // Written over and removed, and out of the write-ahead log.
        try await organization.change { scene in
            for user in users { try scene.mailbox(of: user, .none, credentials: nil) }
            try scene.record(.contacts, 1, owner: users[0])
        }
        try organization.store.close()
        #expect(try Self.found(clear, in: organization.directory).contains("first@example.jp"))
        #expect(try Self.found(Self.canaries, in: organization.directory) == [])
    }

    @Test("Equal credentials and summaries are sealed differently each time")
    func nonces() async throws {
        let (organization, _) = try await Self.office()
        let boxes = try await organization.read {
            try $0.rows("SELECT sealed_credentials AS box FROM mail_addon").map { $0["box"] as Data }
        }
        #expect(Set(boxes).count == 2)
    }

    @Test("What was sealed is read back")
    func readBack() async throws {
        let (organization, users) = try await Self.office()
        try await organization.read { transaction in
            let seen = try transaction.visibleMessages(on: Stage.contact, to: users[0]).map(\.summary)
            #expect(seen.contains(Self.summary))
            #expect(try transaction.credentials(of: users[1]) == Self.credentials)
            #expect(try transaction.backupSource(of: users[1])?.credentials == Self.source)
        }
    }

    /// A box in the wrong place, or altered.
    enum Tampering: String, CaseIterable {
        case summaryOfAnother = """
            UPDATE message SET sealed_summary = (SELECT sealed_summary FROM message AS other WHERE other.id <> message.id)
            """
        case credentialsOfAnother = """
            UPDATE mail_addon SET sealed_credentials = (SELECT sealed_credentials FROM mail_addon WHERE user_id = 2)
            WHERE user_id = 1
            """
        case sourceAsCredentials =
            "UPDATE mail_addon SET sealed_credentials = (SELECT sealed_credentials FROM backup_source)"
        case credentialsAsSource =
            "UPDATE backup_source SET sealed_credentials = (SELECT sealed_credentials FROM mail_addon)"
        case cutShort = "UPDATE message SET sealed_summary = substr(sealed_summary, 1, 20)"
        case empty = "UPDATE message SET sealed_summary = x''"
        case unsealed = """
            UPDATE mail_addon SET sealed_credentials = CAST('{"username":"a","password":"b"}' AS BLOB)
            """
    }

    @Test("A box that was moved or altered does not open", arguments: Tampering.allCases)
    func moved(tampering: Tampering) async throws {
        let (organization, users) = try await Self.office()
        try await organization.write { try $0.database.execute(sql: tampering.rawValue) }
        await #expect(throws: StoreError(.sealed, "")) {
            try await organization.read { transaction in
                _ = try transaction.credentials(of: users[0])
                _ = try transaction.backupSource(of: users[0])
                _ = try transaction.visibleMessages(on: Stage.contact, to: users[0])
            }
        }
    }

    @Test("Other keys open nothing")
    func wrongKeys() async throws {
        let (organization, users) = try await Self.office()
        let other = try Organization()
        let store = try Store(path: organization.path, keys: other.keys)
        defer { try? store.close() }
        for read in [
            { _ = try $0.credentials(of: users[0]) }, { _ = try $0.backupSource(of: users[0]) },
            { _ = try $0.visibleMessages(on: Stage.contact, to: users[0]) },
        ] as [@Sendable (ReadTransaction) throws -> Void] {
            await #expect(throws: StoreError(.sealed, "")) { try await store.read(read) }
        }
    }
}

@Suite("The form in which a summary is sealed")
struct SummaryEncodingTests {
    private static let summary = MessageSummary(
        sha256: Data(0..<32),
        messageID: nil,
        subject: "見積書 \u{1F4E8}",
        from: [.init(name: nil, address: "a@example.jp"), .init(name: "", address: "")],
        to: (0..<200).map { .init(name: "Name \($0)", address: "\($0)@example.jp") },
        cc: [],
        snippet: String(repeating: "あ", count: 300),
        attachments: [.init(name: nil, contentType: "image/png", size: 1 << 40)]
    )

    @Test("It is read back as it was, and its hash alone")
    func readBack() throws {
        let encoded = Data(Self.summary.encoded)
        #expect(try MessageSummary(encoded: encoded) == Self.summary)
        #expect(try MessageSummary.sha256(inEncoded: encoded) == Self.summary.sha256)
    }

    @Test("Cut anywhere, or of another form, it is refused")
    func malformed() {
        let encoded = Data(Self.summary.encoded)
        for length in 0..<encoded.count {
            #expect(throws: (any Error).self) { try MessageSummary(encoded: encoded.prefix(length)) }
        }
        #expect(throws: (any Error).self) { try MessageSummary.sha256(inEncoded: Data("{}".utf8)) }
        #expect(throws: (any Error).self) { try MessageSummary.sha256(inEncoded: Data([2]) + encoded.dropFirst()) }
    }
}
