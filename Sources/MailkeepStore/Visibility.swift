import GRDB
import MailkeepModel

/// The one place where "who can see this message" is written in SQL; every list, count, message, attachment and export
/// goes through it.
///
/// `VisibilityPolicy` states the same as a pure function, and a test holds them against each other.
///
/// Parameters of every fragment: `:viewer` (user id), `:module` and `:id` (the record whose page it is).
enum Visibility {
    static func arguments(viewer: UserID, record: RecordKey) -> StatementArguments {
        ["viewer": viewer.rawValue, "module": record.module.rawValue, "id": record.id.rawValue]
    }

    /// Of a row of `record`: the viewer is associated with it.
    ///
    /// An inactive viewer is with none.
    static let mayOpenRecord = """
        EXISTS (SELECT 1 FROM user AS viewer WHERE viewer.id = :viewer AND viewer.status = 'active' AND (
            \(isOwner) OR \(isSharedWith) OR \(isAboveOwner) OR \(isSeeingAdministrator)))
        """

    /// Of rows of `record` and `viewer`: the record is the viewer's.
    static let isOwner = "record.owner_id = viewer.id"

    /// Of rows of `record` and `viewer`: the record is shared with the viewer.
    static let isSharedWith = """
        EXISTS (SELECT 1 FROM record_share
                WHERE record_share.record_key = record.key AND record_share.user_id = viewer.id)
        """

    /// Of rows of `record` and `viewer`: the viewer stands above the owner in the role hierarchy.
    static let isAboveOwner = """
        EXISTS (SELECT 1 FROM user AS record_owner
                JOIN role_superior ON role_superior.role_id = record_owner.role_id
                WHERE record_owner.id = record.owner_id AND role_superior.superior_id = viewer.role_id)
        """

    /// Of a row of `viewer`: an administrator, of those who are associated with every record.
    static let isSeeingAdministrator = """
        (viewer.profile = 'administrator'
         AND EXISTS (SELECT 1 FROM organization WHERE administrators_see_records))
        """

    /// Bits of `entry_address.fields` that are an address of the message as it stands.
    private static let anyField = 63
    /// The bit of one that stands there with a `+tag` only.
    private static let withoutTag = 64
    /// From, To and Cc (V2).
    static let fromToCc = 1 | 8 | 16

    /// Of a row of `record_address`: it matches mail, because its record is a lead or contact (V4) and no user of the
    /// organisation has that address, or the same without its `+tag` (V5).
    private static let addressMatches = """
        EXISTS (SELECT 1 FROM record AS matching WHERE matching.key = record_address.record_key
                AND matching.module IN ('Leads', 'Contacts'))
        AND NOT EXISTS (SELECT 1 FROM internal_address WHERE internal_address.hash = record_address.hash)
        AND NOT EXISTS (SELECT 1 FROM tagged_address JOIN internal_address AS own
                        ON own.hash = tagged_address.untagged_hash
                        WHERE tagged_address.hash = record_address.hash)
        """

    /// Of rows of `entry_address` and `record_address` with the same hash: the address associates the mail with the
    /// record.
    ///
    /// An address of the mail whose form without `+tag` is the record's does where the organisation ignores tags, unless
    /// a user's own address is such a form: which of them stands in the mail is not known any more (V5).
    static let associates = """
        (entry_address.fields & \(anyField)
         OR entry_address.fields & \(withoutTag)
            AND EXISTS (SELECT 1 FROM organization WHERE ignores_tags)
            AND NOT EXISTS (SELECT 1 FROM tagged_address JOIN internal_address AS own ON own.hash = tagged_address.hash
                            WHERE tagged_address.untagged_hash = record_address.hash))
        AND \(addressMatches)
        """

    /// Of a row of `entry`: it is associated with some record of the CRM (B2).
    static let isAssociated = """
        EXISTS (SELECT 1 FROM entry_address
                JOIN record_address ON record_address.hash = entry_address.hash
                WHERE entry_address.entry_id = entry.id AND \(associates))
        """

    /// Of a row of `message` that a completed backup holds: `:viewer` may take it out.
    ///
    /// That is an administrator who is associated with every record, or who may open some record on whose page it
    /// stands (V4, B7).
    static let mayExport = """
        EXISTS (SELECT 1 FROM user AS viewer JOIN organization ON organization.administrators_see_records
                WHERE viewer.id = :viewer AND viewer.status = 'active' AND viewer.profile = 'administrator')
        OR EXISTS (
            SELECT 1 FROM entry JOIN entry_address ON entry_address.entry_id = entry.id
            JOIN record_address ON record_address.hash = entry_address.hash
            JOIN record AS matched ON matched.key = record_address.record_key
            JOIN record ON record.key = matched.key
                OR (record.key = matched.account_key AND record.module = 'Accounts' AND matched.module = 'Contacts')
                OR (record.contact_key = matched.key AND record.module = 'Deals')
            WHERE entry.message_id = message.id AND \(associates)
              AND \(mayOpenRecord))
        """

    /// The rows (`message_id`, `entry_id`, `mailbox_id`, `owner_id`, `ground`) of what `:viewer` sees on the record's
    /// page, one for each place that holds the message and allows it; `ground` names why (table V), and `place_rank` is
    /// 1 in the first mailbox.
    ///
    /// Empty for who may not open the record.
    static let visibleEntries = entries(where: "entry.message_id IS NOT NULL")

    /// The same of what is found and not read yet: what `:viewer` will see once a synchronisation that waits or runs has
    /// read it.
    static let awaitedEntries = entries(
        where: """
            entry.message_id IS NULL AND entry.skipped IS NOT 'unreadable'
            AND EXISTS (SELECT 1 FROM wanted WHERE wanted.folder_id = entry.folder_id AND wanted.uid = entry.uid)
            AND folder.is_current AND mail_addon.mailbox_id = mailbox.id AND \(isToBeSynchronised("owner.id"))
            """
    )

    /// Whether older mail of an address that stands on the record's page is still to be looked through; nothing for who
    /// may not open the record.
    static let addressesLookedFor = """
        WITH \(pageAndSources)
        SELECT 1 FROM source
        CROSS JOIN record_address ON record_address.record_key = source.key
        CROSS JOIN address_change ON address_change.hash = record_address.hash
        WHERE \(addressMatches)
        """

    /// A synchronisation of a user's mailbox waits or runs.
    static func isToBeSynchronised(_ user: String) -> String {
        """
        EXISTS (SELECT 1 FROM job WHERE job.user_id = \(user) AND job.kind = 'synchronise'
                AND job.state IN ('waiting', 'running'))
        """
    }

    /// The record (`page`), for who may open it, and the leads and contacts whose mail stands on its page (`source`, V4).
    private static let pageAndSources = """
        page AS MATERIALIZED (
            SELECT record.key, record.module, record.contact_key FROM record
            WHERE record.module = :module AND record.id = :id AND \(mayOpenRecord)
        ),
        source AS MATERIALIZED (
            SELECT key FROM page WHERE module IN ('Leads', 'Contacts')
            UNION
            SELECT contact.key FROM page JOIN record AS contact ON contact.account_key = page.key
            WHERE page.module = 'Accounts' AND contact.module = 'Contacts'
            UNION
            SELECT contact_key FROM page WHERE module = 'Deals' AND contact_key IS NOT NULL
        )
        """

    /// - Parameter condition: of rows of `entry`, `folder`, `mailbox`, `owner` and `mail_addon`.
    private static func entries(where condition: String) -> String {
        """
        WITH \(pageAndSources),
        held AS MATERIALIZED (
            SELECT DISTINCT entry_address.entry_id
            FROM source
            JOIN record_address ON record_address.record_key = source.key
            JOIN entry_address ON entry_address.hash = record_address.hash
            WHERE \(associates)
        ),
        place AS (
            SELECT entry.id AS entry_id, entry.message_id, entry.sent_at, mailbox.id AS mailbox_id,
                   owner.id AS owner_id,
                   CASE
                       WHEN owner.status = 'active' AND owner.id = :viewer THEN 'own'
                       WHEN owner.status = 'active' AND mail_addon.sharing = 'complete' THEN 'share_all'
                       WHEN owner.status = 'active' AND mail_addon.sharing = 'record_level' AND EXISTS (
                           SELECT 1 FROM email_share
                           WHERE email_share.user_id = owner.id AND email_share.record_key = (SELECT key FROM page)
                       ) THEN 'record_share'
                       WHEN owner.status = 'active' AND EXISTS (
                           SELECT 1 FROM entry_address AS addressed
                           JOIN internal_address ON internal_address.hash = addressed.hash
                           WHERE addressed.entry_id = entry.id AND addressed.fields & \(fromToCc)
                             AND internal_address.user_id = :viewer AND internal_address.kind IN ('user', 'alias')
                       ) THEN 'correspondent'
                       WHEN EXISTS (
                           SELECT 1 FROM backup_message JOIN backup ON backup.id = backup_message.backup_id
                           WHERE backup_message.user_id = owner.id
                             AND backup_message.message_id = entry.message_id AND backup.status = 'completed'
                       ) THEN 'backup'
                   END AS ground
            FROM held
            JOIN entry ON entry.id = held.entry_id
            JOIN folder ON folder.id = entry.folder_id
            JOIN mailbox ON mailbox.id = folder.mailbox_id
            JOIN user AS owner ON owner.id = mailbox.user_id
            LEFT JOIN mail_addon ON mail_addon.user_id = owner.id
            WHERE \(condition)
        ),
        visible AS (
            SELECT *, ROW_NUMBER() OVER (PARTITION BY message_id ORDER BY mailbox_id, entry_id) AS place_rank
            FROM place WHERE ground IS NOT NULL
        )

        """
    }

    /// The rows, as in `visibleEntries`, of what `:viewer` sees under "My mail": all that is stored of their own
    /// mailboxes, whatever its records (V0).
    static let ownEntries = """
        WITH visible AS (
            SELECT entry.message_id, entry.id AS entry_id, mailbox.id AS mailbox_id, owner.id AS owner_id,
                   'own' AS ground,
                   ROW_NUMBER() OVER (PARTITION BY entry.message_id ORDER BY mailbox.id, entry.id) AS place_rank
            FROM user AS owner
            JOIN mailbox ON mailbox.user_id = owner.id
            JOIN folder ON folder.mailbox_id = mailbox.id
            JOIN entry ON entry.folder_id = folder.id
            WHERE owner.id = :viewer AND owner.status = 'active' AND entry.message_id IS NOT NULL
        )

        """
}
