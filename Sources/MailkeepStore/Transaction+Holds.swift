import Foundation
import GRDB
package import MailkeepModel

/// A legal hold, standing or lifted.
package struct HoldDetails: Sendable, Equatable {
    package var id: HoldID
    package var scope: HoldScope
    package var reason: String
    package var placedBy: UserID
    package var placedAt: Timestamp
    package var lifting: Lifting?

    package struct Lifting: Sendable, Equatable {
        package var by: UserID
        package var at: Timestamp
        package var reason: String
    }
}

extension ReadTransaction {
    private static let selectHold = """
        SELECT hold.*, record.module, record.id AS record_id FROM hold
        LEFT JOIN record ON record.key = hold.record_key

        """

    /// Of rows of `hold` and of the `record` that it is on, if it is on one: `:viewer` may know of it (V1).
    private static let isOpen = "(hold.record_key IS NULL OR \(Visibility.mayOpenRecord))"

    /// A hold; nil for absent and on a record that the viewer may not open alike (V1).
    package func hold(_ id: HoldID, openTo viewer: UserID) throws -> HoldDetails? {
        try row(
            Self.selectHold + "WHERE hold.id = :hold AND \(Self.isOpen)",
            ["hold": id.rawValue, "viewer": viewer.rawValue]
        ).map(hold)
    }

    /// The standing holds, or all of them, the newest first, but for those on records that the viewer may not open (V1).
    package func holds(openTo viewer: UserID, liftedToo: Bool = false) throws -> [HoldDetails] {
        try rows(
            Self.selectHold + "WHERE (:all OR hold.lifted_at IS NULL) AND \(Self.isOpen) ORDER BY hold.id DESC",
            ["all": liftedToo, "viewer": viewer.rawValue]
        ).map(hold)
    }

    /// The standing holds that were placed on a user, a record, a backup or the organisation, the newest first.
    package func standingHolds(on scope: HoldScope) throws -> [HoldDetails] {
        let (condition, arguments): (String, StatementArguments) =
            switch scope {
            case .organization: ("hold.scope = 'organization'", [])
            case .user(let user): ("hold.user_id = ?", [user.rawValue])
            case .record(let record): ("hold.record_key = ?", [try rowKey(of: record)])
            case .backup(let backup): ("hold.backup_id = ?", [backup.rawValue])
            }
        return try rows(
            Self.selectHold + "WHERE \(condition) AND hold.lifted_at IS NULL ORDER BY hold.id DESC",
            arguments
        ).map(hold)
    }

    /// The standing holds that cover a message (R1).
    package func holds(covering message: MessageID) throws -> [HoldID] {
        try rows(
            "SELECT DISTINCT hold_id FROM held_message WHERE message_id = ? ORDER BY hold_id",
            [message.rawValue]
        ).map { HoldID(rawValue: $0["hold_id"]) }
    }

    /// Users on whom holds stand.
    package func usersOnHold() throws -> Set<UserID> {
        Set(
            try rows("SELECT user_id FROM hold WHERE user_id IS NOT NULL AND lifted_at IS NULL")
                .map { UserID(rawValue: $0["user_id"]) }
        )
    }

    private func hold(_ row: Row) throws -> HoldDetails {
        let id = HoldID(rawValue: row["id"])
        let scope: HoldScope
        switch row["scope"] as String {
        case "organization": scope = .organization
        case "user": scope = .user(UserID(rawValue: row["user_id"]))
        case "backup": scope = .backup(BackupID(rawValue: row["backup_id"]))
        default:
            guard let module = (row["module"] as String?).flatMap(Module.init) else {
                throw StoreError(.damaged, "a legal hold is on nothing")
            }
            scope = .record(RecordKey(module: module, id: Identifier(rawValue: row["record_id"])))
        }
        var lifting: HoldDetails.Lifting?
        if let by: Int64 = row["lifted_by"], let at: Int64 = row["lifted_at"] {
            lifting = HoldDetails.Lifting(
                by: UserID(rawValue: by),
                at: Timestamp(rawValue: at),
                reason: try reason(row["sealed_lift_reason"], of: "hold/\(id)/lifted")
            )
        }
        return HoldDetails(
            id: id,
            scope: scope,
            reason: try reason(row["sealed_reason"], of: "hold/\(id)"),
            placedBy: UserID(rawValue: row["placed_by"]),
            placedAt: Timestamp(rawValue: row["placed_at"]),
            lifting: lifting
        )
    }

    /// Opens the reason that an administrator gave.
    func reason(_ sealed: Data, of place: String) throws -> String {
        try sealing.open(String.self, sealed, with: \.columns, context: place)
    }
}

extension WriteTransaction {
    /// Places a hold.
    ///
    /// - Throws: `StoreError` (`constraint`) where there is no such user, record or backup.
    package func placeHold(
        on scope: HoldScope,
        reason: String,
        by administrator: UserID,
        at now: Timestamp
    ) throws -> HoldID {
        var (user, record, backup): (Int64?, Int64?, Int64?)
        let name: String
        switch scope {
        case .organization: name = "organization"
        case .user(let id): (name, user) = ("user", id.rawValue)
        case .record(let key): (name, record) = ("record", try rowKey(of: key))
        case .backup(let id): (name, backup) = ("backup", id.rawValue)
        }
        let id = HoldID(
            rawValue: try insert(
                """
                INSERT INTO hold (scope, user_id, record_key, backup_id, sealed_reason, placed_by, placed_at)
                VALUES (?, ?, ?, ?, zeroblob(0), ?, ?)
                """,
                [name, user, record, backup, administrator.rawValue, now.rawValue]
            )
        )
        try run(
            "UPDATE hold SET sealed_reason = ? WHERE id = ?",
            [try sealing.seal(reason, with: \.columns, context: "hold/\(id)"), id.rawValue]
        )
        try run(
            """
            INSERT INTO hold_address (hash, hold_id)
            SELECT DISTINCT record_address.hash, ?1 FROM record_source
            JOIN record_address ON record_address.record_key = record_source.source_key
            WHERE record_source.record_key = ?2
            """,
            [id.rawValue, record]
        )
        return id
    }

    /// Lifts a hold.
    ///
    /// - Returns: false where it stands no more.
    package func liftHold(_ id: HoldID, reason: String, by administrator: UserID, at now: Timestamp) throws -> Bool {
        try run(
            "UPDATE hold SET lifted_by = ?, lifted_at = ?, sealed_lift_reason = ? WHERE id = ? AND lifted_at IS NULL",
            [
                administrator.rawValue, now.rawValue,
                try sealing.seal(reason, with: \.columns, context: "hold/\(id)/lifted"), id.rawValue,
            ]
        )
        guard database.changesCount > 0 else { return false }
        try run("DELETE FROM hold_address WHERE hold_id = ?", [id.rawValue])
        return true
    }
}
