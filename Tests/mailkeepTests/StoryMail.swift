import TestSupport

/// The leaver's mailbox in the story: a few mails, each with what becomes of it.
struct StoryMail: Sendable {
    var folder: String
    var raw: [UInt8]
    var isAssociated: Bool

    init(_ folder: String, from: String, to: String, cc: String? = nil, _ subject: String, isAssociated: Bool) {
        self.folder = folder
        self.isAssociated = isAssociated
        var lines = ["From: \(from)", "To: \(to)", "Subject: \(subject)", "Date: Mon, 6 Apr 2026 09:00:00 +0900"]
        if let cc { lines.append("Cc: \(cc)") }
        lines += ["MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit"]
        lines += ["", "\(subject): お世話になっております。\u{3000}", ".", "", "-- ", "さくら商事"]
        raw = Array((lines.joined(separator: "\r\n") + "\r\n").utf8)
    }

    /// A customer's mail of so many megabytes.
    static func large(subject: String, megabytes: Int) -> StoryMail {
        var mail = StoryMail("INBOX", from: taro, to: leaver, subject, isAssociated: true)
        let line = Array((String(repeating: "0123456789abcdef", count: 4) + "\r\n").utf8)
        for _ in 0..<(megabytes * 1_000_000 / line.count) { mail.raw += line }
        return mail
    }

    private static let leaver = "Yamada <yamada@sakura.example>"
    private static let taro = #""Taro" <Taro@Customer.EXAMPLE>"#

    /// What is there before the first backup.
    static let before = [
        StoryMail("INBOX", from: taro, to: leaver, "Offer", isAssociated: true),
        StoryMail("INBOX", from: leaver, to: "x@elsewhere.example", cc: taro, "Copied in", isAssociated: true),
        StoryMail("INBOX", from: "private@friends.example", to: leaver, "Sunday", isAssociated: false),
        StoryMail("INBOX", from: "hana@sakura.example", to: leaver, "Canteen", isAssociated: false),
        StoryMail("Sent", from: leaver, to: "taro@customer.example", "Re: Offer", isAssociated: true),
        StoryMail("Trash", from: taro, to: leaver, "Complaint", isAssociated: true),
        StoryMail("Junk", from: taro, to: leaver, "Winner", isAssociated: false),
        StoryMail("Drafts", from: leaver, to: taro, "Unfinished", isAssociated: false),
    ]

    /// What arrives while the leaver is back.
    static let after = [
        StoryMail("INBOX", from: taro, to: leaver, "Order", isAssociated: true),
        StoryMail("INBOX", from: "private@friends.example", to: leaver, "Monday", isAssociated: false),
        StoryMail("Sent", from: leaver, to: taro, "Re: Order", isAssociated: true),
        StoryMail("INBOX", from: "taro@customer.example.org", to: leaver, "Lookalike", isAssociated: false),
    ]

    static func associated(_ mails: [StoryMail]) -> Set<String> {
        Set(mails.filter(\.isAssociated).map { sha256($0.raw) })
    }
}

extension DovecotServer {
    /// A server with the leaver's empty mailbox.
    static func withLeaver<Result>(
        masterUser: User? = nil,
        _ body: (DovecotServer) async throws -> Result
    ) async throws -> Result {
        try await withDovecot(users: [Workplace.Mailbox.account], masterUser: masterUser) { server in
            for folder in ["Sent", "Trash", "Junk", "Drafts"] {
                try server.createFolder(folder, user: Workplace.Mailbox.account.name)
            }
            return try await body(server)
        }
    }

    /// Puts mails into the leaver's mailbox.
    func deliver(_ mails: [StoryMail]) throws {
        for mail in mails { try deliver([mail.raw], to: mail.folder, user: Workplace.Mailbox.account.name) }
    }

    /// The SHA-256 of every mail that the leaver's mailbox holds, with its bytes, as the server gives them.
    func mails(in folders: [String]) throws -> [String: [UInt8]] {
        let mails = try folders.flatMap { try exactMessages(in: $0, user: Workplace.Mailbox.account.name).values }
        return Dictionary(mails.map { (sha256($0), $0) }, uniquingKeysWith: { first, _ in first })
    }
}
