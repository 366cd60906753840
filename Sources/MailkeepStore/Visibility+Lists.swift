/// The predicate of `Visibility` turned round, for lists: not whether somebody may open a record, but which they may, and
/// who may.
///
/// Who lists by them asks `mayOpenRecord` too; tests hold them against each other.
extension Visibility {
    /// The rows (`key`) of all records of `:module` that `:viewer` may open but as an administrator; some of them twice.
    ///
    /// What it costs follows how many these are, not how many records there are.
    static let recordsOfViewer = """
        SELECT record.key FROM record WHERE record.owner_id = :viewer AND record.module = :module
        UNION ALL
        SELECT record.key FROM record_share CROSS JOIN record ON record.key = record_share.record_key
        WHERE record_share.user_id = :viewer AND record.module = :module
        UNION ALL
        SELECT record.key FROM user AS viewer
        CROSS JOIN role_superior ON role_superior.superior_id = viewer.role_id
        CROSS JOIN user AS subordinate ON subordinate.role_id = role_superior.role_id
        CROSS JOIN record ON record.owner_id = subordinate.id
        WHERE viewer.id = :viewer AND record.module = :module
        """

    /// The rows (`record_key`, `message_id`) of the stored mail of `:viewer` and on whose pages it stands: of leads and
    /// contacts that it was exchanged with, of such a contact's account, and of a deal with it (V4, V5).
    static let pagesOfOwnMail = """
        WITH exchanged AS MATERIALIZED (
            SELECT DISTINCT record_address.record_key, entry.message_id
            FROM mailbox
            CROSS JOIN folder ON folder.mailbox_id = mailbox.id
            CROSS JOIN entry ON entry.folder_id = folder.id
            CROSS JOIN entry_address ON entry_address.entry_id = entry.id
            CROSS JOIN record_address ON record_address.hash = entry_address.hash
            WHERE mailbox.user_id = :viewer AND entry.message_id IS NOT NULL
              AND \(associates)
        ),
        standing AS MATERIALIZED (
            SELECT record_key, message_id FROM exchanged
            UNION
            SELECT account.key, exchanged.message_id FROM exchanged
            CROSS JOIN record AS contact ON contact.key = exchanged.record_key AND contact.module = 'Contacts'
            CROSS JOIN record AS account ON account.key = contact.account_key AND account.module = 'Accounts'
            UNION
            SELECT deal.key, exchanged.message_id FROM exchanged
            CROSS JOIN record AS deal ON deal.contact_key = exchanged.record_key AND deal.module = 'Deals'
        ),

        """

    /// The rows (`record_key`, `user_id`) of who but `:viewer` may open a record of `chosen` (`record_key`).
    static let otherUsersOfChosen = """
        opening AS (
            SELECT record.key AS record_key, record.owner_id AS user_id
            FROM chosen CROSS JOIN record ON record.key = chosen.record_key
            UNION
            SELECT record_share.record_key, record_share.user_id
            FROM chosen CROSS JOIN record_share ON record_share.record_key = chosen.record_key
            UNION
            SELECT record.key, superior.id
            FROM chosen CROSS JOIN record ON record.key = chosen.record_key
            CROSS JOIN user AS record_owner ON record_owner.id = record.owner_id
            CROSS JOIN role_superior ON role_superior.role_id = record_owner.role_id
            CROSS JOIN user AS superior ON superior.role_id = role_superior.superior_id
            UNION
            SELECT chosen.record_key, viewer.id
            FROM user AS viewer CROSS JOIN chosen
            WHERE viewer.profile = 'administrator' AND viewer.status = 'active' AND \(isSeeingAdministrator)
        ),
        other AS MATERIALIZED (
            SELECT opening.record_key, opening.user_id
            FROM opening CROSS JOIN user ON user.id = opening.user_id
            WHERE user.status = 'active' AND user.id <> :viewer
        )

        """
}
