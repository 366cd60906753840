import GRDB
package import MailkeepModel

/// How much older mail is still to be linked with records that got addresses since (design decision 7).
package struct LinkingProgress: Sendable, Equatable {
    /// Addresses for which older mail is still to be looked through.
    package var addresses: Int
    /// Mails whose bodies a synchronisation that waits or runs is still to read from the mail servers.
    package var mails: Int
}

/// Whether older mail of one record is still to come.
package struct RecordLinking: Sendable, Equatable {
    /// An address of the record is among those for which older mail is still to be looked through.
    package var isLookedFor: Bool
    /// Mail that the viewer will see is found, and its body is still to be read.
    package var isBeingRead: Bool
}

extension ReadTransaction {
    /// How far the linking of older mail has come, for the whole organisation.
    ///
    /// What it costs follows what is left to do, and that is mostly nothing.
    package func linkingProgress() throws -> LinkingProgress {
        let addresses: Int = try row("SELECT COUNT(*) AS n FROM address_change")?["n"] ?? 0
        // Mails that a server refused to give stay wanted, and are not waited for.
        let found = try row(
            """
            SELECT SUM(waiting.count - (
                SELECT COUNT(*) FROM entry CROSS JOIN wanted AS refused
                    ON refused.folder_id = entry.folder_id AND refused.uid = entry.uid
                WHERE entry.folder_id = waiting.folder_id AND entry.skipped = 'unreadable'
            )) AS n
            FROM (SELECT folder_id, COUNT(*) AS count FROM wanted GROUP BY folder_id) AS waiting
            CROSS JOIN folder ON folder.id = waiting.folder_id AND folder.is_current
            CROSS JOIN mailbox ON mailbox.id = folder.mailbox_id
            CROSS JOIN mail_addon ON mail_addon.user_id = mailbox.user_id AND mail_addon.mailbox_id = mailbox.id
            WHERE \(Visibility.isToBeSynchronised("mail_addon.user_id"))
            """
        )
        let mails: Int? = found?["n"]
        return LinkingProgress(addresses: addresses, mails: mails ?? 0)
    }

    /// Whether older mail of a record is still to come, for who may open it; for others never (V1).
    ///
    /// Of mail only what the viewer will see counts: that there is other mail is not theirs to know.
    package func linking(of record: RecordKey, for viewer: UserID) throws -> RecordLinking {
        let arguments = Visibility.arguments(viewer: viewer, record: record)
        return RecordLinking(
            isLookedFor: try exists(Visibility.addressesLookedFor, arguments),
            isBeingRead: try exists(Visibility.awaitedEntries + "SELECT 1 FROM visible", arguments)
        )
    }
}
