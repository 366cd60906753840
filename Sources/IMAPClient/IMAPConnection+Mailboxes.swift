package import IMAPCore

extension IMAPConnection {
    /// The user's own mailboxes; other users' and shared ones are left out (RFC 9051, 6.3.10).
    package nonisolated(nonsending) func listMailboxes() async throws -> [IMAPMailboxInfo] {
        var namespaces: IMAPNamespaces?
        if offers("NAMESPACE") {
            _ = try await perform(.namespace) { response in
                if case .namespace(let answer) = response { namespaces = answer }
            }
        }
        let returnsSpecialUse = capabilities.contains("SPECIAL-USE") && offers("LIST-EXTENDED")
        var entries: [IMAPListEntry] = []
        var names: Set<IMAPMailboxName> = []
        try await require(.list(returningSpecialUse: returnsSpecialUse)) { response in
            guard case .list(let entry) = response else { return }
            guard names.count < limits.mailboxes else {
                throw IMAPError(.limitExceeded, "the server lists too many mailboxes")
            }
            if names.insert(entry.name).inserted { entries.append(entry) }
        }
        return entries.filter { namespaces?.isPersonal($0.name) ?? true }.map(IMAPMailboxInfo.init)
    }

    /// Opens a mailbox with `EXAMINE`, so that nothing in it can change through this connection.
    @discardableResult
    package nonisolated(nonsending) func examine(_ mailbox: IMAPMailboxName) async throws -> IMAPSelectedMailbox {
        try requireIdle()
        messageCount = nil
        var count: UInt32 = 0
        var uidValidity: UInt32?
        var uidNext: UInt32?
        func take(_ code: IMAPResponseCode?) {
            switch code {
            case .uidValidity(let value): uidValidity = value
            case .uidNext(let value): uidNext = value
            default: break
            }
        }
        let status = try await require(.examine(mailbox)) { response in
            switch response {
            case .exists(let number): count = number
            case .status(let status): take(status.code)
            default: break
            }
        }
        take(status.code)
        guard let uidValidity else {
            throw IMAPError(.invalidResponse, "the server gives the mailbox's messages no lasting identifiers")
        }
        messageCount = count
        return IMAPSelectedMailbox(uidValidity: uidValidity, uidNext: uidNext, messageCount: Int(count))
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
