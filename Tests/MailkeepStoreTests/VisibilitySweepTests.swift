import MailkeepModel
import Testing

@testable import MailkeepStore

/// Holds the SQL of visibility against `VisibilityPolicy`, in every combination that the rules tell apart.
@Suite("The database and the policy agree on who sees which message")
struct VisibilitySweepTests {
    /// One mailbox of the sweep: how its owner stands, what they share, and what became of their backup.
    struct Owner: Sendable {
        var user = UserID(rawValue: 0)
        var mailbox = MailboxID(rawValue: 0)
        let isActive: Bool
        let sharing: SharingSetting
        let sharedOn: RecordKey?
        let backup: BackupStatus?

        static let all: [Owner] = [true, false].flatMap { isActive in
            SharingSetting.allCases.flatMap { sharing in
                [nil, Stage.contact, Stage.account, Stage.deal].flatMap { sharedOn in
                    ([nil] + BackupStatus.allCases).map {
                        Owner(isActive: isActive, sharing: sharing, sharedOn: sharedOn, backup: $0)
                    }
                }
            }
        }

        /// What the policy is asked about this mailbox's copy of a message.
        func copy(of mail: Mail, for viewer: UserID, on record: RecordKey) -> VisibilityPolicy.Copy {
            VisibilityPolicy.Copy(
                viewerIsOwner: viewer == user,
                ownerIsActive: isActive,
                sharing: sharing,
                isSharedOnRecord: sharedOn == record,
                viewerIsCorrespondent: mail.correspondent == viewer,
                isBackedUp: backup == .completed && !mail.isLate
            )
        }
    }

    /// A message of the sweep: where a colleague's address stands in it.
    struct Mail: Sendable {
        let name: String
        var addresses: [String: AddressFields]
        /// The colleague who counts as being in From, To or Cc (V2).
        var correspondent: UserID?
        /// It came after the backup.
        var isLate = false
    }

    /// Every place of a colleague's user, alias and mailbox address; V2 counts the first two in From, To and Cc.
    static func mails(addressing stage: Stage) -> [Mail] {
        let customer: [String: AddressFields] = [Stage.customer: .to]
        var mails = [
            Mail(name: "plain", addresses: customer),
            Mail(name: "late", addresses: customer, isLate: true),
        ]
        let addresses = [("user", "shared@example.jp"), ("alias", "alias@example.jp"), ("mailbox", "box@example.jp")]
        let fields: [(String, AddressFields, counts: Bool)] = [
            ("From", .from, true), ("To", .to, true), ("Cc", .cc, true), ("Bcc", .bcc, false),
            ("Reply-To", .replyTo, false), ("Sender", .sender, false), ("untagged", .withoutTag, false),
            ("Bcc and Cc", [.bcc, .cc], true),
        ]
        for (kind, address) in addresses {
            for (name, field, counts) in fields {
                mails.append(
                    Mail(
                        name: "\(kind) in \(name)",
                        addresses: customer.merging([address: field]) { $1 },
                        correspondent: counts && kind != "mailbox" ? stage.shared : nil
                    )
                )
            }
        }
        // Whoever is not associated with the record is not helped by being in To (V1).
        mails.append(
            Mail(
                name: "unrelated in To",
                addresses: customer.merging(["unrelated@example.jp": .to]) { $1 },
                correspondent: stage.unrelated
            )
        )
        return mails
    }

    private static func prepare() async throws -> (Organization, (Stage, [Owner], [Mail])) {
        try await Organization.make { scene in
            let stage = try Stage(scene)
            try scene.mailbox(of: stage.shared, .none, at: "box@example.jp")
            try scene.alias("alias@example.jp", of: stage.shared)
            let mails = mails(addressing: stage)
            var owners = Owner.all
            for index in owners.indices {
                let owner = try scene.user("owner\(index)")
                owners[index].user = owner
                owners[index].mailbox = try scene.mailbox(of: owner, owners[index].sharing)
                if let record = owners[index].sharedOn {
                    _ = try scene.transaction.shareEmails(of: owner, on: record, at: scene.now)
                }
                for mail in mails where !mail.isLate {
                    try scene.mail("\(owner) \(mail.name)", in: owners[index].mailbox, mail.addresses)
                }
                if let status = owners[index].backup { try scene.backup(of: owner, reaching: status) }
                for mail in mails where mail.isLate {
                    try scene.mail("\(owner) \(mail.name)", in: owners[index].mailbox, mail.addresses)
                }
                if !owners[index].isActive { try scene.transaction.deactivate(owner, at: scene.now) }
            }
            try stage.open(to: owners.map(\.user), in: scene)
            return (stage, owners, mails)
        }
    }

    @Test("Every viewer sees on every page what the policy says, for the reason that it says")
    func everyViewer() async throws {
        let (organization, (stage, owners, mails)) = try await Self.prepare()
        // Every seventh owner is a viewer too: seven shares no factor with the lengths of the lists above.
        let viewers =
            stage.viewers
            + stride(from: 0, to: owners.count, by: 7).map {
                Stage.Viewer("owner \($0)", owners[$0].user, isAssociated: owners[$0].isActive)
            }
        for viewer in viewers {
            for record in Stage.records {
                let seen = try await organization.read {
                    try $0.visibleMessages(on: record, to: viewer.id).map {
                        ("\($0.summary.subject)", $0.ground)
                    }
                }
                var expected: [String: VisibilityPolicy.Ground] = [:]
                for owner in owners {
                    for mail in mails {
                        let copy = owner.copy(of: mail, for: viewer.id, on: record)
                        expected["\(owner.user) \(mail.name)"] =
                            VisibilityPolicy.ground(of: copy, viewerIsAssociated: viewer.isAssociated)
                    }
                }
                #expect(Dictionary(seen) { first, _ in first } == expected, "\(viewer.name) on \(record)")
                #expect(seen.count == expected.count)
            }
        }
    }

    @Test("One message asked for by its number is answered as the list answers")
    func oneMessage() async throws {
        let (organization, (stage, owners, mails)) = try await Self.prepare()
        for (turn, viewer) in stage.viewers.enumerated() {
            // Each viewer asks for other messages, and all of them for some of every owner.
            let asked = owners.enumerated().filter { $0.offset % 5 == turn % 5 }.map {
                ($0.element, mails[($0.offset + turn) % mails.count])
            }
            let record = Stage.records[turn % Stage.records.count]
            for (owner, mail) in asked {
                let ground = try await organization.change { scene in
                    let message = try scene.message("\(owner.user) \(mail.name)")
                    return try scene.transaction.visibleMessage(message, on: record, to: viewer.id)?.ground
                }
                let copy = owner.copy(of: mail, for: viewer.id, on: record)
                #expect(
                    ground == VisibilityPolicy.ground(of: copy, viewerIsAssociated: viewer.isAssociated),
                    "\(viewer.name) on \(record): \(mail.name)"
                )
            }
        }
    }

    @Test("Of two mailboxes that hold the same message, the first that allows it is told")
    func twoMailboxes() async throws {
        let (organization, (stage, owners)) = try await Organization.make { scene in
            let stage = try Stage(scene)
            var owners = Owner.all.filter {
                [nil, .inProgress, .completed].contains($0.backup) && [nil, Stage.contact].contains($0.sharedOn)
            }
            for index in owners.indices {
                owners[index].user = try scene.user("owner\(index)")
                owners[index].mailbox = try scene.mailbox(of: owners[index].user, owners[index].sharing)
                guard let record = owners[index].sharedOn else { continue }
                _ = try scene.transaction.shareEmails(of: owners[index].user, on: record, at: scene.now)
            }
            for first in owners {
                for second in owners {
                    // Both orders of arrival; the mailboxes' order decides which is told.
                    let subject = "\(first.user) and \(second.user)"
                    try scene.mail(subject, in: first.mailbox, [Stage.customer: .from])
                    try scene.mail(subject, in: second.mailbox, [Stage.customer: .from])
                }
            }
            for owner in owners {
                if let status = owner.backup { try scene.backup(of: owner.user, reaching: status) }
                if !owner.isActive { try scene.transaction.deactivate(owner.user, at: scene.now) }
            }
            return (stage, owners)
        }
        let seen = try await organization.read {
            try $0.visibleMessages(on: Stage.contact, to: stage.shared).map {
                ($0.summary.subject, [$0.owner.rawValue])
            }
        }
        let mail = Mail(name: "", addresses: [:])
        let asked = stride(from: 0, to: owners.count * owners.count, by: 23).map {
            (owners[$0 / owners.count], owners[$0 % owners.count])
        }
        for (first, second) in asked {
            let places = try await organization.change { scene in
                let message = try scene.message("\(first.user) and \(second.user)")
                return try scene.transaction.places(of: message, on: Stage.contact, to: stage.shared)
            }
            var told: [UserID: VisibilityPolicy.Ground] = [:]
            for owner in [first, second] {
                let copy = owner.copy(of: mail, for: stage.shared, on: Stage.contact)
                told[owner.user] = VisibilityPolicy.ground(of: copy, viewerIsAssociated: true)
            }
            // Every mailbox that allows it, once, and no other.
            #expect(places.map(\.owner) == told.keys.sorted())
            #expect(places.allSatisfy { told[$0.owner] == $0.ground })
            #expect(places.allSatisfy { ($0.backup != nil) == ($0.ground == .backup) })
            #expect(places.allSatisfy { ($0.takenAt != nil) == ($0.ground == .backup) })
        }
        var expected: [String: [Int64]] = [:]
        for first in owners {
            for second in owners {
                let allowing = [first, second].filter {
                    let copy = $0.copy(of: mail, for: stage.shared, on: Stage.contact)
                    return VisibilityPolicy.ground(of: copy, viewerIsAssociated: true) != nil
                }
                guard let told = allowing.map(\.user.rawValue).min() else { continue }
                expected["\(first.user) and \(second.user)"] = [told]
            }
        }
        #expect(Dictionary(seen) { $0 + $1 } == expected)
    }
}
