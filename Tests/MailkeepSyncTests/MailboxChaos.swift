import TestSupport

/// Someone who works in a mailbox without rest: sends, flags, moves, copies and deletes mails, makes and renames folders.
///
/// It waits for the server on the thread that it runs on, one command at a time.
actor MailboxChaos {
    private let imap: BlockingIMAP
    private var random: SeededRandom
    private var count = 0
    /// Names of folders that there are, besides INBOX.
    private var folders: [String] = []
    /// The customer's mails that ever were, and the others.
    private(set) var customers: Set<[UInt8]> = []
    private(set) var others: Set<[UInt8]> = []
    private var isOver = false

    init(port: Int, seed: UInt64) throws {
        imap = try BlockingIMAP(port: port)
        random = SeededRandom(seed: seed)
    }

    /// Makes some folders and mails.
    func begin() throws {
        try imap.command("LOGIN alice secret")
        for name in ["Work", "Projects", "Archive"] { try create(name) }
        for _ in 0..<30 { try append() }
    }

    /// All folders that there are.
    var allFolders: [String] { ["INBOX"] + folders }

    /// Lets the work come to an end.
    func end() { isOver = true }

    /// Works until it is told to end.
    func work() async throws {
        while !isOver {
            try step()
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    private func step() throws {
        switch random.below(100) {
        case 0..<35: try append()
        case 35..<50:
            try change { uid, _ in "UID STORE \(uid) \(["+", "-", ""][Int(uid) % 3])FLAGS (\\Seen $label\(uid % 5))" }
        case 50..<65: try change { uid, target in "UID MOVE \(uid) \"\(target)\"" }
        case 65..<77: try change { uid, target in "UID COPY \(uid) \"\(target)\"" }
        case 77..<89: try expunge()
        case 89..<93: try create("New \(count)")
        case 93..<97: try rename()
        default: try remove()
        }
    }

    private func append() throws {
        count += 1
        let isCustomers = random.below(3) > 0
        let lines = String(repeating: "line \(count)\r\n", count: random.below(200))
        let sender = isCustomers ? SyncWorkplace.customer : "someone@else.example"
        let mail = "From: \(sender)\r\nSubject: chaos \(count)\r\n\r\n\(lines)"
        if isCustomers { customers.insert(Array(mail.utf8)) } else { others.insert(Array(mail.utf8)) }
        try imap.command("APPEND \"\(anyFolder())\" {\(mail.utf8.count)+}\r\n\(mail)")
    }

    /// Does something with one mail of a folder, and another folder.
    private func change(_ command: (UInt32, String) -> String) throws {
        guard let uid = try anyMail() else { return }
        count += 1
        try imap.command(command(uid, anyFolder()))
    }

    private func expunge() throws {
        guard let uid = try anyMail() else { return }
        try imap.command("UID STORE \(uid) +FLAGS (\\Deleted)")
        try imap.command("EXPUNGE")
    }

    private func create(_ name: String) throws {
        count += 1
        try imap.command("CREATE \"\(name)\"")
        folders.append(name)
    }

    private func rename() throws {
        guard let name = folders.randomElement(using: &random) else { return }
        count += 1
        try manage("RENAME \"\(name)\" \"Renamed \(count)\"")
    }

    private func remove() throws {
        guard folders.count > 3, let name = folders.randomElement(using: &random) else { return }
        try manage("DELETE \"\(name)\"")
    }

    /// Dovecot refuses to rename some folders while another connection opens them; what there is then, it lists.
    private func manage(_ command: String) throws {
        try imap.command("SELECT INBOX")
        do {
            try imap.command(command)
        } catch let refusal as SystemProgram.Failure where refusal.description.contains("refused") {}
        folders = try imap.command("LIST \"\" *").compactMap { answer in
            let name = answer.line.firstMatch(of: #/"\/" "?([^"]*)"?$/#).map { String($0.1) }
            return ["INBOX", "Junk"].contains(name) ? nil : name
        }
    }

    private func anyFolder() -> String { allFolders.randomElement(using: &random) ?? "INBOX" }

    /// A mail of a folder, which is open then; nil where it has none.
    private func anyMail() throws -> UInt32? {
        try imap.command("SELECT \"\(anyFolder())\"")
        return try imap.command("UID SEARCH ALL").first { $0.line.hasPrefix("* SEARCH") }?
            .line.split(separator: " ").compactMap { UInt32($0) }.randomElement(using: &random)
    }
}
