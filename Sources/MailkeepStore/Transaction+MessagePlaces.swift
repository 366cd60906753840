import GRDB
package import MailkeepModel

/// A mailbox that holds a message and lets the viewer see it, and why.
package struct MessagePlace: Sendable, Equatable {
    package var owner: UserID
    package var ownerName: String
    package var ownerIsActive: Bool
    package var mailbox: String
    package var ground: VisibilityPolicy.Ground
    /// The backup that holds it, where that is the ground.
    package var backup: BackupID?
    package var takenAt: Timestamp?
}

extension ReadTransaction {
    /// Every mailbox by which a viewer sees a message on a record's page; those that do not allow it are never told.
    package func places(
        of message: MessageID,
        on record: RecordKey,
        to viewer: UserID
    ) throws -> [MessagePlace] {
        var arguments = Visibility.arguments(viewer: viewer, record: record)
        arguments += ["message": message.rawValue]
        return try rows(Visibility.visibleEntries + Self.chosenPlaces, arguments).map(place)
    }

    /// The mailboxes of an active user that hold a message of their own (V0).
    package func ownPlaces(of message: MessageID, of viewer: UserID) throws -> [MessagePlace] {
        try rows(
            Visibility.ownEntries + Self.chosenPlaces,
            ["viewer": viewer.rawValue, "message": message.rawValue]
        ).map(place)
    }

    /// Each mailbox once, though the message be in several of its folders.
    private static let chosenPlaces = """
        SELECT DISTINCT mailbox.id, mailbox.address, owner.id AS owner_id, owner.name AS owner_name,
               owner.status AS owner_status, visible.ground, backup.id AS backup_id, backup.ended_at
        FROM visible
        JOIN mailbox ON mailbox.id = visible.mailbox_id
        JOIN user AS owner ON owner.id = visible.owner_id
        LEFT JOIN backup_message ON visible.ground = 'backup' AND backup_message.user_id = owner.id
            AND backup_message.message_id = visible.message_id
        LEFT JOIN backup ON backup.id = backup_message.backup_id
        WHERE visible.message_id = :message
        ORDER BY mailbox.id
        """

    private func place(_ row: Row) throws -> MessagePlace {
        guard let ground = VisibilityPolicy.Ground(rawValue: row["ground"]) else {
            throw StoreError(.damaged, "a message is visible for a reason that is unknown")
        }
        let (backup, takenAt): (Int64?, Int64?) = (row["backup_id"], row["ended_at"])
        return MessagePlace(
            owner: UserID(rawValue: row["owner_id"]),
            ownerName: row["owner_name"],
            ownerIsActive: row["owner_status"] == UserStatus.active.rawValue,
            mailbox: row["address"],
            ground: ground,
            backup: backup.map(BackupID.init),
            takenAt: takenAt.map(Timestamp.init)
        )
    }
}
