package import MailkeepModel
import MailkeepStore
import MailkeepSync

/// One record, for who may open it (V1: absent and forbidden are refused alike).
package struct ShowRecord: UseCase {
    package var record: RecordKey

    package init(record: RecordKey) {
        self.record = record
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> RecordShape {
        let action = AuditedAction(name: "records.show", target: record.description)
        return try await mailkeep.read(action, as: caller) { transaction, actor in
            guard let open = try transaction.openRecord(record, for: actor.id) else { throw Refusal(.v1) }
            let names = try transaction.userNames([open.record.owner] + open.record.sharedWith)
            let holds = actor.isAdministrator ? try transaction.standingHolds(on: .record(record)) : nil
            return RecordShape(
                open,
                owner: try transaction.user(open.record.owner),
                names: names,
                own_share: RecordShape.OwnShare(
                    of: actor,
                    addon: try transaction.mailAddon(of: actor.id)?.state,
                    isShared: open.sharesOwnMail
                ),
                linking: RecordLinkingShape(try transaction.linking(of: record, for: actor.id)),
                holds: try holds.map(transaction.shapes)
            )
        }
    }
}

/// A record in the API's form.
package struct RecordShape: Encodable, Sendable, Equatable {
    /// How the reader's own mail on the record is shared by their Record-level share.
    package struct OwnShare: Encodable, Sendable, Equatable {
        /// `shared`, `not_shared`, or `not_applicable` where the reader's setting is another, or none is saved.
        package var state: String
        /// Why taking the share back would be refused now (L2).
        package var refused: MailAddonShape.RefusedAction?
    }

    package var id: String
    package var module: String
    package var name: String
    package var owner: UserShape.Reference
    package var owner_active: Bool
    package var addresses: [String]
    /// The linked records, and the contacts and deals that link to it, where the reader may open them.
    package var account: RecordReference?
    package var contact: RecordReference?
    package var contacts: [RecordReference]
    package var deals: [RecordReference]
    /// Whether there are more contacts or deals than these.
    package var more_contacts: Bool
    package var more_deals: Bool
    /// Columns of the import that Mailkeep gives no meaning.
    package var fields: [String: String]
    package var shared_with: [UserShape.Reference]
    /// Why the reader may open it: `owner`, `shared`, `superior`, `administrator`; one at least.
    package var opened_by: [String]
    package var own_share: OwnShare
    package var linking: RecordLinkingShape
    /// The legal holds that stand on the record; for administrators.
    package var holds: [HoldShape]?
    package var modified_time: String
}

extension RecordShape {
    fileprivate init(
        _ open: OpenRecord,
        owner: User?,
        names: [UserID: String],
        own_share: OwnShare,
        linking: RecordLinkingShape,
        holds: [HoldShape]?
    ) {
        let record = open.record
        self.init(
            id: record.key.id.description,
            module: record.key.module.rawValue,
            name: record.name,
            owner: UserShape.Reference(record.owner, names),
            owner_active: owner?.status == .active,
            addresses: record.addresses.map(\.address),
            account: open.account.map { RecordReference($0) },
            contact: open.contact.map { RecordReference($0) },
            contacts: open.contacts.items.map { RecordReference($0) },
            deals: open.deals.items.map { RecordReference($0) },
            more_contacts: open.contacts.hasMore,
            more_deals: open.deals.hasMore,
            fields: record.fields,
            shared_with: record.sharedWith.map { UserShape.Reference($0, names) },
            opened_by: open.grounds.map(\.rawValue),
            own_share: own_share,
            linking: linking,
            holds: holds,
            modified_time: open.modifiedAt.iso8601
        )
    }
}

extension RecordShape.OwnShare {
    fileprivate init(of user: User, addon: MailAddonState?, isShared: Bool) {
        guard addon?.sharing == .recordLevel else {
            self.init(state: "not_applicable")
            return
        }
        self.init(state: isShared ? "shared" : "not_shared")
        guard isShared,
            case .refused(let refusal) = LockPolicy.unshareRecordMail(actor: user, owner: user, addon: addon)
        else { return }
        refused = MailAddonShape.RefusedAction(action: "unshare", refusal, Wording(locale: user.locale))
    }
}
