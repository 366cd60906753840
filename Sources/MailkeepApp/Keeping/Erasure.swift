package import MailkeepModel
import MailkeepStore
import MailkeepSync

/// What an erasure would erase, and what else refers to it, in the API's form.
package struct ErasurePreviewShape: Encodable, Sendable, Equatable {
    package struct Backup: Encodable, Sendable, Equatable {
        package var id: String
        package var user: UserShape.Reference
        /// How many of its messages would become tombstones.
        package var messages: Int
    }

    package struct Mailbox: Encodable, Sendable, Equatable {
        package var user: UserShape.Reference
        package var messages: Int
    }

    package var address: String
    package var total: MessageTotalsShape
    /// Mails that are not stored, of which keyed hashes of the addresses would go.
    package var not_stored: Int
    /// Messages that have the address with a `+tag` only; they stay.
    package var with_tag: Int
    /// Records that have the address, and keep it, of those that the reader may open: `Contacts/12`.
    package var records: [String]
    /// The further addresses of those records, which are not erased with it.
    package var further_addresses: [String]
    /// Other records that have the address, or on which the messages stand.
    package var other_records: Int
    /// Other addresses that stand in the messages: a message that concerns others too is erased as a whole.
    package var correspondents: Int
    package var backups: [Backup]
    package var users: [Mailbox]
    /// The legal holds that forbid it.
    package var holds: [String]
}

/// A person's erasure in the API's form; whose it was is not kept.
package struct ErasureShape: Encodable, Sendable, Equatable {
    package var id: String
    package var reason: String
    package var requested_by: UserShape.Reference
    package var requested_time: String
    package var ended_time: String?
    /// Messages that were erased, and their raw bytes.
    package var messages: Int
    package var bytes: Int64
    package var not_stored: Int
    /// Messages that a legal hold came to cover before it was their turn.
    package var held: Int
    /// Messages that are still to be erased; those that a backup is taking wait for its end.
    package var left: Int
}

extension ReadTransaction {
    fileprivate func shapes(of removals: [RemovalDetails]) throws -> [ErasureShape] {
        let names = try userNames(removals.lazy.map(\.requestedBy))
        return removals.map { removal in
            ErasureShape(
                id: removal.id.description,
                reason: removal.reason ?? "",
                requested_by: UserShape.Reference(removal.requestedBy, names),
                requested_time: removal.requestedAt.iso8601,
                ended_time: removal.endedAt?.iso8601,
                messages: removal.messages,
                bytes: removal.bytes,
                not_stored: removal.unread,
                held: removal.kept,
                left: removal.left
            )
        }
    }
}

/// Shows what erasing the mail of an address would erase, and what else refers to it (R4); for administrators.
package struct PreviewErasure: UseCase {
    package var address: String

    package init(address: String) {
        self.address = address
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> ErasurePreviewShape {
        let address = try? UserAddress(address)
        let target = address.map(mailkeep.erasureTarget)
        return try await mailkeep.read(AuditedAction(name: "erase.preview"), as: caller) { transaction, actor in
            try PagePolicy.use(actor: actor).enforce()
            guard let address, let target else { throw AppError(.badEmail, ["email": self.address.forMessages]) }
            let preview = try transaction.previewErasure(target, for: actor.id)
            let names = try transaction.userNames(preview.users.map(\.user) + preview.backups.map(\.user))
            let further = try preview.records.flatMap { try transaction.record($0)?.addresses ?? [] }
                .filter { $0.hash != target.hash }
            return ErasurePreviewShape(
                address: address.text,
                total: MessageTotalsShape(preview.totals),
                not_stored: preview.unread,
                with_tag: preview.tagged,
                records: preview.records.map(\.description),
                further_addresses: Set(further.map(\.address)).sorted(),
                other_records: preview.otherRecords,
                correspondents: preview.correspondents,
                backups: preview.backups.map {
                    .init(
                        id: $0.backup.description,
                        user: UserShape.Reference($0.user, names),
                        messages: $0.messages
                    )
                },
                users: preview.users.map { .init(user: UserShape.Reference($0.user, names), messages: $0.messages) },
                holds: preview.holds.map(\.description)
            )
        }
    }
}

/// Erases the mail of an address, as the law asks for (R4, R5); for administrators.
///
/// One of the same address that has not ended goes on. The audit log names the address by its keyed hash.
package struct StartErasure: UseCase {
    package var address: String
    package var reason: String
    /// How many messages the preview told.
    package var confirmed: Int

    package init(address: String, reason: String, confirmed: Int) {
        self.address = address
        self.reason = reason
        self.confirmed = confirmed
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> RemovalID {
        let now = mailkeep.clock()
        let target = (try? UserAddress(address)).map(mailkeep.erasureTarget)
        var action = AuditedAction(name: "erase.start")
        action.details["address_hash"] = target?.hash.hex
        action.details["messages"] = "\(confirmed)"
        return try await mailkeep.act(action, as: caller) { transaction, actor in
            try PagePolicy.use(actor: actor).enforce()
            guard let target else { throw AppError(.badEmail, ["email": address.forMessages]) }
            if let pending = try transaction.pendingErasure(target) { return (.unchanged, pending) }
            let holds = try transaction.holds(coveringMailOf: target)
            try ErasurePolicy.start(actor: actor, holds: holds).enforce()
            let reason = try GivenReason.checked(reason)
            let preview = try transaction.previewErasure(target, for: actor.id)
            guard ErasurePolicy.isSeen(confirmed: confirmed, messages: preview.totals.messages) else {
                throw AppError(.erasureUnseen, ["count": "\(preview.totals.messages)"])
            }
            guard preview.totals.messages + preview.unread > 0 else { throw AppError(.erasureNothing) }
            return (.done, try transaction.beginErasure(target, reason: reason, by: actor.id, at: now).id)
        }
    }
}

/// Lists the erasures of persons' mail, the newest first; for administrators.
package struct ListErasures: UseCase {
    package init() {}

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> [ErasureShape] {
        try await mailkeep.read(AuditedAction(name: "erase.list"), as: caller) { transaction, actor in
            try PagePolicy.use(actor: actor).enforce()
            return try transaction.shapes(of: transaction.removals(.erasure))
        }
    }
}

extension Mailkeep {
    func erasureTarget(_ address: UserAddress) -> ErasureTarget {
        ErasureTarget(address: address.normalized, hash: addressHash(address.normalized))
    }
}
