package import IMAPCore

extension IMAPConnection {
    /// The user's own mailboxes with what each holds; other users' and shared ones are left out (RFC 9051, 6.3.10).
    ///
    /// What they hold comes with the list (RFC 5819), or is asked for in one go.
    package nonisolated(nonsending) func listMailboxes() async throws -> [IMAPMailboxInfo] {
        var namespaces: IMAPNamespaces?
        if offers("NAMESPACE") {
            _ = try await perform(.namespace) { response in
                if case .namespace(let answer) = response { namespaces = answer }
            }
        }
        let returnsSpecialUse = capabilities.contains("SPECIAL-USE") && offers("LIST-EXTENDED")
        let returnsStatus = offers("LIST-STATUS")
        var returning = returnsSpecialUse ? ["SPECIAL-USE"] : []
        if returnsStatus { returning.append("STATUS (\(statusItems.joined(separator: " ")))") }
        var entries: [IMAPListEntry] = []
        var names: Set<IMAPMailboxName> = []
        var told: [IMAPMailboxName: IMAPMailboxStatus] = [:]
        var isReadable = true
        try await require(.list(returning: returning)) { response in
            switch response {
            case .list(let entry):
                guard names.count < limits.mailboxes else {
                    throw IMAPError(.limitExceeded, "the server lists too many mailboxes")
                }
                if names.insert(entry.name).inserted { entries.append(entry) }
            case .mailboxStatus(let status): if names.contains(status.name) { told[status.name] = status }
            case .unparsed: isReadable = false
            default: break
            }
        }
        hasListedAll = isReadable
        var mailboxes = entries.filter { namespaces?.isPersonal($0.name) ?? true }.map(IMAPMailboxInfo.init)
        if !returnsStatus { told = try await statuses(of: mailboxes.filter(\.isSelectable).map(\.encodedName)) }
        for index in mailboxes.indices { mailboxes[index].status = told[mailboxes[index].encodedName] }
        return mailboxes
    }

    /// What is told of each mailbox; what is not in the standard is not asked for where it is not offered.
    private var statusItems: [String] {
        ["MESSAGES", "UIDNEXT", "UIDVALIDITY"] + (offers("OBJECTID") ? ["MAILBOXID"] : [])
    }

    /// What mailboxes hold, asked for all at once: it costs one round trip, however many there are.
    ///
    /// One of which the server does not tell is left out.
    private nonisolated(nonsending) func statuses(
        of names: [IMAPMailboxName]
    ) async throws -> [IMAPMailboxName: IMAPMailboxStatus] {
        var statuses: [IMAPMailboxName: IMAPMailboxStatus] = [:]
        let asked = Set(names)
        let items = statusItems
        // A name that is sent as a literal waits for the server's word, which a pipeline cannot.
        let commands = names.map { IMAPCommand.status($0, items: items) }.filter(isOnePart)
        try await pipeline(commands, depth: Self.statusesAhead) { fragment in
            if case .response(.mailboxStatus(let status)) = fragment, asked.contains(status.name) {
                statuses[status.name] = status
            }
        } onEnd: { _, _ in
        }
        return statuses
    }

    private static let statusesAhead = 100

    /// Opens a mailbox with `EXAMINE`, so that nothing in it can change through this connection.
    ///
    /// - Parameter state: how it stood before; the answer says what vanished since, where the server can tell.
    @discardableResult
    package nonisolated(nonsending) func examine(
        _ mailbox: IMAPMailboxName,
        since state: IMAPMailboxState? = nil
    ) async throws -> IMAPSelectedMailbox {
        try requireIdle()
        // Some servers count changes only for who has asked for them.
        let since = try await tellsVanished() ? state : nil
        messageCount = nil
        var count: UInt32 = 0
        var uidValidity: UInt32?
        var uidNext: UInt32?
        var objectID: String?
        var modSeq: UInt64?
        var vanished: [ClosedRange<UInt32>] = []
        func take(_ code: IMAPResponseCode?) {
            switch code {
            case .uidValidity(let value): uidValidity = value
            case .uidNext(let value): uidNext = value
            case .mailboxID(let value): objectID = value
            case .highestModSeq(let value): modSeq = value
            default: break
            }
        }
        let status = try await require(.examine(mailbox, since: since)) { response in
            switch response {
            case .exists(let number): count = number
            case .vanished(let set, isEarlier: true):
                vanished += set.ranges
                guard vanished.count <= limits.messages else {
                    throw IMAPError(.limitExceeded, "the server tells of more messages than a mailbox may hold")
                }
            case .status(let status): take(status.code)
            default: break
            }
        }
        take(status.code)
        guard let uidValidity else {
            throw IMAPError(.invalidResponse, "the server gives the mailbox's messages no lasting identifiers")
        }
        messageCount = count
        return IMAPSelectedMailbox(
            uidValidity: uidValidity,
            uidNext: uidNext,
            messageCount: Int(count),
            objectID: objectID,
            modSeq: modSeq,
            vanished: since?.uidValidity == uidValidity ? IMAPUIDSet(ranges: vanished) : nil
        )
    }

    /// Has the server tell what vanished, where it can (RFC 7162, 3.2.3).
    private nonisolated(nonsending) func tellsVanished() async throws -> Bool {
        guard capabilities.contains("QRESYNC") else { return false }
        if let isToldVanished { return isToldVanished }
        let isEnabled = try await perform(.enable("QRESYNC")) { _ in }.condition == .ok
        isToldVanished = isEnabled
        return isEnabled
    }

    /// Whether the server offers an extension, by itself or as part of IMAP4rev2.
    func offers(_ extensionName: String) -> Bool {
        capabilities.contains(extensionName) || capabilities.contains("IMAP4REV2")
    }
}

extension IMAPMailboxInfo {
    fileprivate init(_ entry: IMAPListEntry) {
        self.init(
            encodedName: entry.name,
            delimiter: entry.delimiter,
            isSelectable: !entry.attributes.contains("\\NOSELECT") && !entry.attributes.contains("\\NONEXISTENT"),
            specialUse: entry.attributes.lazy.compactMap(IMAPSpecialUse.init(attribute:)).first
        )
    }
}

extension IMAPNamespaces {
    /// Whether the namespace with the longest prefix that fits is one of the user's own.
    ///
    /// INBOX always is, and so is what no prefix fits.
    fileprivate func isPersonal(_ name: IMAPMailboxName) -> Bool {
        if name.isInbox { return true }
        let own = longestMatch(personal, name)
        let foreign = max(longestMatch(otherUsers, name), longestMatch(shared, name))
        return own >= foreign || foreign == 0 && personal.isEmpty
    }

    /// The length of the longest prefix that fits, -1 if none does; a namespace's root is part of it.
    private func longestMatch(_ namespaces: [Namespace], _ name: IMAPMailboxName) -> Int {
        let folded = Self.fold(name.bytes)
        return namespaces.reduce(-1) { longest, namespace in
            let prefix = Self.fold(namespace.prefix)
            let delimiter = namespace.delimiter.map { Array(String($0).utf8) } ?? []
            let root =
                !delimiter.isEmpty && prefix.suffix(delimiter.count) == delimiter[...]
                ? prefix.dropLast(delimiter.count) : prefix[...]
            return folded.starts(with: prefix) || folded[...] == root ? max(longest, prefix.count) : longest
        }
    }

    /// INBOX at the beginning is the same in any case.
    private static func fold(_ bytes: [UInt8]) -> [UInt8] {
        let inbox = Array("INBOX".utf8)
        let start = bytes.prefix(inbox.count)
        guard String(decoding: start, as: UTF8.self).uppercased() == "INBOX" else { return bytes }
        return inbox + bytes.dropFirst(inbox.count)
    }
}
