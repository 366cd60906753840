import Foundation
import GRDB
package import MailkeepModel

/// Which of a folder's wanted mails to read together.
package struct WantedPage: Sendable, Equatable {
    package let uids: ClosedRange<UInt32>
    /// How many of them are wanted.
    package let count: Int
}

extension ReadTransaction {
    /// Of a row of `entry`: nothing is known yet that keeps its body from being read.
    private static let isOpen = """
        entry.message_id IS NULL AND entry.removed_by IS NULL AND (entry.skipped IS NULL
            OR entry.skipped IN ('unreadable', 'header_unreadable'))
        """

    /// Of a row of `entry`: its body is to be read (B2).
    fileprivate static let isWanted = "\(isOpen) AND \(Visibility.isAssociated)"

    /// Associated mails of a folder whose body is not stored yet, of those with these UIDs (B2).
    ///
    /// What a server refused to read once is wanted again.
    package func wantedEntries(in folder: Int64, _ uids: ClosedRange<UInt32>) throws -> [WantedEntry] {
        try rows(
            """
            SELECT entry.id, entry.uid, entry.size, entry.skipped IS 'unreadable' AS is_again, entry.email_id
            FROM wanted CROSS JOIN entry ON entry.id = wanted.entry_id
            WHERE wanted.folder_id = ? AND wanted.uid BETWEEN ? AND ? AND \(Self.isWanted)
            ORDER BY wanted.uid
            """,
            [folder, Int64(uids.lowerBound), Int64(uids.upperBound)]
        ).map { row in
            WantedEntry(
                id: row["id"],
                uid: UInt32(clamping: row["uid"] as Int64),
                size: UInt64(clamping: row["size"] as Int64),
                isAgain: row["is_again"],
                emailID: row["email_id"]
            )
        }
    }

    /// All of a folder's wanted mails, cut into stretches of at most `size`; of some it may turn out that they are wanted
    /// no more.
    package func wantedPages(in folder: Int64, size: Int) throws -> [WantedPage] {
        let uids = try Row.fetchCursor(
            database.cachedStatement(sql: "SELECT uid FROM wanted WHERE folder_id = ? ORDER BY uid"),
            arguments: [folder]
        )
        var pages: [WantedPage] = []
        var page: (first: UInt32, last: UInt32, count: Int)?
        while let row = try uids.next() {
            let uid = UInt32(clamping: row["uid"] as Int64)
            if let begun = page, begun.count < size {
                page = (begun.first, uid, begun.count + 1)
            } else {
                if let page { pages.append(WantedPage(uids: page.first...page.last, count: page.count)) }
                page = (uid, uid, 1)
            }
        }
        if let page { pages.append(WantedPage(uids: page.first...page.last, count: page.count)) }
        return pages
    }

    /// Whether there are addresses for which older mail is still to be looked through.
    package func hasAddressChanges() throws -> Bool {
        try exists("SELECT 1 FROM address_change")
    }
}

extension WriteTransaction {
    /// Has a mail's body read if it is associated.
    func want(_ entry: Int64) throws {
        try run(Self.want, [entry])
    }

    private static let want = """
        INSERT OR IGNORE INTO wanted (folder_id, uid, entry_id)
        SELECT folder_id, uid, id FROM entry WHERE id = ? AND \(isWanted)
        """

    /// A mail's body is stored, or never will be.
    func wantNoMore(_ entry: Int64) throws {
        try run(
            "DELETE FROM wanted WHERE (folder_id, uid) = (SELECT folder_id, uid FROM entry WHERE id = ?)",
            [entry]
        )
    }

    /// Forgets that mails are wanted which are no more: a record lost their address (V4), or a user took it (V5).
    package func pruneWanted(in folder: Int64, _ uids: ClosedRange<UInt32>) throws {
        try run(
            """
            DELETE FROM wanted WHERE folder_id = ? AND uid BETWEEN ? AND ?
              AND NOT EXISTS (SELECT 1 FROM entry WHERE entry.id = wanted.entry_id AND \(Self.isWanted))
            """,
            [folder, Int64(uids.lowerBound), Int64(uids.upperBound)]
        )
    }

    /// Notes of a folder's wanted mails, of those with these UIDs, which are older than what is kept: they are not read
    /// (R3), unless a hold covers them (R1).
    package func passOverExpired(in folder: Int64, _ uids: ClosedRange<UInt32>, sentBefore cutoff: Timestamp) throws {
        let expired = try rows(
            """
            SELECT entry.id FROM wanted CROSS JOIN entry ON entry.id = wanted.entry_id
            WHERE wanted.folder_id = ? AND wanted.uid BETWEEN ? AND ? AND \(Self.isWanted)
              AND entry.sent_at > 0 AND entry.sent_at < ?
              AND NOT EXISTS (SELECT 1 FROM held_entry WHERE held_entry.entry_id = entry.id)
            """,
            [folder, Int64(uids.lowerBound), Int64(uids.upperBound), cutoff.rawValue]
        )
        for entry in expired { try forget(entry["id"], by: .retention) }
    }

    /// Finds older mail of addresses that may associate since they stand on a record, or are no user's any more (design
    /// decision 7), and has what is not stored read.
    ///
    /// - Parameter limit: how many mails to look at.
    /// - Returns: whether anything is left to look at.
    @discardableResult
    package func linkChangedAddresses(limit: Int, at now: Timestamp) throws -> Bool {
        var left = limit
        var mailboxes: Set<Int64> = []
        while left > 0, let change = try row("SELECT hash, entry_id FROM address_change LIMIT 1") {
            let hash: Data = change["hash"]
            let entries = try rows(
                "SELECT entry_id FROM entry_address WHERE hash = ? AND entry_id > ? ORDER BY entry_id LIMIT ?",
                [hash, change["entry_id"] as Int64, left]
            ).map { $0["entry_id"] as Int64 }
            for entry in entries {
                try want(entry)
                guard database.changesCount > 0 else { continue }
                let found = try row(
                    "SELECT mailbox_id FROM folder WHERE id = (SELECT folder_id FROM entry WHERE id = ?)",
                    [entry]
                )
                if let found { mailboxes.insert(found["mailbox_id"]) }
            }
            if let last = entries.last, entries.count == left {
                try run("UPDATE address_change SET entry_id = ? WHERE hash = ?", [last, hash])
            } else {
                try run("DELETE FROM address_change WHERE hash = ?", [hash])
            }
            left -= max(entries.count, 1)
        }
        for mailbox in mailboxes { try synchroniseSoon(mailbox, at: now) }
        return try exists("SELECT 1 FROM address_change")
    }

    /// Asks for a synchronisation of a mailbox that an active user's settings name.
    private func synchroniseSoon(_ mailbox: Int64, at now: Timestamp) throws {
        let found = try row(
            """
            SELECT user.id FROM mail_addon JOIN user ON user.id = mail_addon.user_id
            WHERE mail_addon.mailbox_id = ? AND user.status = 'active'
            """,
            [mailbox]
        )
        guard let found else { return }
        try insertJob(.synchronise, user: UserID(rawValue: found["id"]), permissions: JobPermissions(), at: now)
    }

    /// Takes mails of a folder for stored whose content is stored already, as the server says that it is the same as
    /// another's in the mailbox (RFC 8474, 5.1).
    ///
    /// - Returns: their entries.
    package func linkStoredCopies(in folder: Int64, _ uids: ClosedRange<UInt32>) throws -> [Int64] {
        let found = try rows(
            """
            SELECT wanted.entry_id, copy.message_id
            FROM wanted CROSS JOIN entry ON entry.id = wanted.entry_id
            CROSS JOIN entry AS copy ON copy.email_id = entry.email_id AND copy.message_id IS NOT NULL
            WHERE wanted.folder_id = ? AND wanted.uid BETWEEN ? AND ? AND \(Self.isWanted)
            GROUP BY wanted.entry_id
            """,
            [folder, Int64(uids.lowerBound), Int64(uids.upperBound)]
        )
        for row in found {
            let entry: Int64 = row["entry_id"]
            try run(
                "UPDATE entry SET skipped = NULL, message_id = ? WHERE id = ?",
                [row["message_id"] as Int64, entry]
            )
            try wantNoMore(entry)
        }
        return found.map { $0["entry_id"] }
    }
}
