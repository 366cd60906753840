/// One command of a client to ``MailboxIMAPServer``, as far as it is told apart.
struct MailboxIMAPCommand {
    /// In capitals; `UID FETCH` is one.
    let name: String
    let arguments: String

    init(_ text: String) {
        let words = text.split(separator: " ", maxSplits: 1).map(String.init)
        let first = words.first?.uppercased() ?? ""
        let rest = words.count > 1 ? words[1] : ""
        guard first == "UID" else {
            (name, arguments) = (first, rest)
            return
        }
        let inner = rest.split(separator: " ", maxSplits: 1).map(String.init)
        name = "UID \(inner.first?.uppercased() ?? "")"
        arguments = inner.count > 1 ? inner[1] : ""
    }

    /// The mailbox that is named first, with or without quotes.
    var mailbox: String {
        guard arguments.hasPrefix("\"") else { return arguments.split(separator: " ").first.map(String.init) ?? "" }
        return arguments.dropFirst().split(separator: "\"", omittingEmptySubsequences: false).first.map(String.init)
            ?? ""
    }

    /// The UIDs that are asked for, of those that there are.
    func uids(of folder: MailboxIMAPServer.Folder) -> [UInt32] {
        let set = arguments.split(separator: " ").first { $0.utf8.allSatisfy { (0x2A...0x3A).contains($0) } } ?? ""
        let ranges = set.split(separator: ",").map { part in
            let ends = part.split(separator: ":").map { UInt32($0) ?? .max }
            let (first, last) = (ends.first ?? .max, ends.last ?? .max)
            return min(first, last)...max(first, last)
        }
        return folder.mails.keys.sorted().filter { uid in ranges.contains { $0.contains(uid) } }
    }

    /// The names in `HEADER.FIELDS (…)`, in capitals.
    var fields: Set<String>? {
        guard let list = arguments.firstMatch(of: #/HEADER\.FIELDS \(([^)]*)\)/#) else { return nil }
        return Set(list.1.split(separator: " ").map { $0.uppercased() })
    }
}

/// What ``MailboxIMAPServer`` answers where nothing goes wrong.
struct MailboxIMAPResponder {
    let capabilities: String
    let folders: [MailboxIMAPServer.Folder]

    func isKnown(_ command: MailboxIMAPCommand, _ folder: MailboxIMAPServer.Folder?) -> Bool {
        switch command.name {
        case "CAPABILITY", "AUTHENTICATE", "LOGIN", "ENABLE", "NAMESPACE", "LIST", "NOOP", "LOGOUT", "CLOSE",
            "UNSELECT",
            "ID":
            true
        case "STATUS": folders.contains { $0.name == command.mailbox }
        case "EXAMINE", "UID FETCH", "UID SEARCH": folder != nil
        default: false
        }
    }

    /// The untagged answers.
    func answers(to command: MailboxIMAPCommand, in folder: inout MailboxIMAPServer.Folder?) -> [[UInt8]] {
        switch command.name {
        case "CAPABILITY": ["* CAPABILITY \(capabilities)\r\n"].map { Array($0.utf8) }
        case "NAMESPACE": ["* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n"].map { Array($0.utf8) }
        case "LIST": list(withStatus: command.arguments.uppercased().contains("STATUS"))
        case "STATUS": folders.filter { $0.name == command.mailbox }.map(status)
        case "EXAMINE": examine(command.mailbox, &folder)
        case "UID SEARCH": search(command, folder)
        case "UID FETCH":
            folder.map { folder in command.uids(of: folder).map { fetch($0, command, folder) } } ?? []
        case "LOGOUT": [Array("* BYE\r\n".utf8)]
        default: []
        }
    }

    private func list(withStatus: Bool) -> [[UInt8]] {
        folders.flatMap { folder in
            [Array("* LIST () \"/\" \"\(folder.name)\"\r\n".utf8)] + (withStatus ? [status(folder)] : [])
        }
    }

    private func status(_ folder: MailboxIMAPServer.Folder) -> [UInt8] {
        let counts = "MESSAGES \(folder.mails.count) UIDNEXT \(folder.uidNext) UIDVALIDITY \(folder.uidValidity)"
        return Array("* STATUS \"\(folder.name)\" (\(counts))\r\n".utf8)
    }

    private func examine(_ name: String, _ folder: inout MailboxIMAPServer.Folder?) -> [[UInt8]] {
        folder = folders.first { $0.name == name }
        guard let folder else { return [] }
        return [
            "* \(folder.mails.count) EXISTS\r\n", "* OK [UIDVALIDITY \(folder.uidValidity)] valid\r\n",
            "* OK [UIDNEXT \(folder.uidNext)] next\r\n",
        ].map { Array($0.utf8) }
    }

    private func search(_ command: MailboxIMAPCommand, _ folder: MailboxIMAPServer.Folder?) -> [[UInt8]] {
        guard let folder else { return [] }
        let uids = command.uids(of: folder).map(String.init)
        if command.arguments.uppercased().hasPrefix("RETURN") {
            return [Array("* ESEARCH UID\(uids.isEmpty ? "" : " ALL \(uids.joined(separator: ","))")\r\n".utf8)]
        }
        return [Array("* SEARCH \(uids.joined(separator: " "))\r\n".utf8)]
    }

    private func fetch(
        _ uid: UInt32,
        _ command: MailboxIMAPCommand,
        _ folder: MailboxIMAPServer.Folder
    ) -> [UInt8] {
        guard let mail = folder.mails[uid], let number = folder.mails.keys.sorted().firstIndex(of: uid) else {
            return []
        }
        let items = command.arguments.uppercased()
        var answer = Array("* \(number + 1) FETCH (UID \(uid)".utf8)
        if items.contains("RFC822.SIZE") { answer += Array(" RFC822.SIZE \(mail.count)".utf8) }
        if items.contains("INTERNALDATE") { answer += Array(" INTERNALDATE \"01-Jan-2026 10:00:00 +0000\"".utf8) }
        if let fields = command.fields {
            let header = Self.header(of: mail, fields)
            answer += Array(
                " BODY[HEADER.FIELDS (\(fields.sorted().joined(separator: " ")))] {\(header.count)}\r\n".utf8
            )
            answer += header
        }
        if items.contains("BODY.PEEK[]") { answer += Array(" BODY[] {\(mail.count)}\r\n".utf8) + mail }
        return answer + Array(")\r\n".utf8)
    }

    /// The fields of these names, and the empty line.
    private static func header(of mail: [UInt8], _ fields: Set<String>) -> [UInt8] {
        var header: [UInt8] = []
        var isWanted = false
        for line in mail.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            if line.isEmpty || line == [UInt8(ascii: "\r")] { break }
            if line.first != UInt8(ascii: " "), line.first != UInt8(ascii: "\t") {
                let name = line.prefix { $0 != UInt8(ascii: ":") }
                isWanted = fields.contains(String(decoding: name, as: UTF8.self).uppercased())
            }
            if isWanted { header += line + [UInt8(ascii: "\n")] }
        }
        return header + Array("\r\n".utf8)
    }
}

extension MailboxIMAPServer.Folder {
    var uidNext: UInt32 { (mails.keys.max() ?? 0) + 1 }
}
