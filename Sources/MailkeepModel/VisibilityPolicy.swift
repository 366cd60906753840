/// Who sees a message on a record's page (table V), and which addresses bring it there.
package enum VisibilityPolicy {
    /// One mailbox's copy of a message, as one viewer meets it on one record.
    ///
    /// A copy is the same raw bytes, never merely the same Message-ID.
    package struct Copy: Sendable, Hashable {
        package var viewerIsOwner: Bool
        package var ownerIsActive: Bool
        /// The owner's sharing setting as it stands now.
        package var sharing: SharingSetting
        /// The owner shares their mail on this very record; a share on its contact is not one on it (V4).
        package var isSharedOnRecord: Bool
        /// The viewer is themselves in From, To or Cc (V2).
        package var viewerIsCorrespondent: Bool
        /// A Completed backup of this mailbox holds the message (B7, B8).
        package var isBackedUp: Bool

        package init(
            viewerIsOwner: Bool,
            ownerIsActive: Bool,
            sharing: SharingSetting,
            isSharedOnRecord: Bool,
            viewerIsCorrespondent: Bool,
            isBackedUp: Bool
        ) {
            self.viewerIsOwner = viewerIsOwner
            self.ownerIsActive = ownerIsActive
            self.sharing = sharing
            self.isSharedOnRecord = isSharedOnRecord
            self.viewerIsCorrespondent = viewerIsCorrespondent
            self.isBackedUp = isBackedUp
        }
    }

    /// Why a copy is seen, in the order in which it is told.
    package enum Ground: String, Sendable, CaseIterable {
        /// It is the viewer's own mail.
        case own
        /// The owner shares all.
        case shareAll = "share_all"
        /// The owner shares their mail on this record.
        case recordShare = "record_share"
        /// The viewer wrote or received the message (V2).
        case correspondent
        /// A completed backup holds it (B7).
        case backup
    }

    /// Why the viewer sees this copy on the record's page; nil where they do not.
    ///
    /// - Parameter viewerIsAssociated: The viewer may open the record; without that no ground counts (V1).
    package static func ground(of copy: Copy, viewerIsAssociated: Bool) -> Ground? {
        guard viewerIsAssociated else { return nil }
        if copy.ownerIsActive {
            if copy.viewerIsOwner { return .own }
            if copy.sharing == .all { return .shareAll }
            if copy.sharing == .recordLevel, copy.isSharedOnRecord { return .recordShare }
            if copy.viewerIsCorrespondent { return .correspondent }
        }
        return copy.isBackedUp ? .backup : nil
    }

    /// Whether the viewer sees the message on the record's page: one mailbox that allows it is enough.
    package static func sees(_ copies: some Sequence<Copy>, viewerIsAssociated: Bool) -> Bool {
        copies.contains { ground(of: $0, viewerIsAssociated: viewerIsAssociated) != nil }
    }

    /// Whether a stored message stands under the viewer's "My mail", whatever its records (V0).
    package static func seesUnderMyMail(viewerIsOwner: Bool, ownerIsActive: Bool) -> Bool {
        viewerIsOwner && ownerIsActive
    }

    /// Whether a user may make an address their mailbox's: it then ceases to associate, for everybody (V5).
    ///
    /// - Parameter standsOnRecord: A lead or contact carries it, and no administrator has made it the user's own. Were
    ///   that allowed, anybody could make a customer's mail vanish from the customer's record.
    package static func claim(standsOnRecord: Bool) -> Decision {
        standsOnRecord ? .refused(Refusal(.v5)) : .allowed
    }

    /// How an address of a mail stands to an address that a record carries.
    package struct AddressMatch: Sendable, Hashable {
        package enum Form: Sendable, Hashable, CaseIterable {
            /// They are the same.
            case exact
            /// The mail's has a `+tag`, and is the record's without it.
            case withoutTag
            case other
        }

        package var form: Form
        /// The record's address, or the same without its `+tag`, is one of the organisation's own users'.
        package var recordAddressIsInternal: Bool
        /// One of the organisation's own users has the record's address with a `+tag`.
        package var taggedFormIsInternal: Bool

        package init(form: Form, recordAddressIsInternal: Bool = false, taggedFormIsInternal: Bool = false) {
            self.form = form
            self.recordAddressIsInternal = recordAddressIsInternal
            self.taggedFormIsInternal = taggedFormIsInternal
        }
    }

    /// Whether an address associates a mail with a record of `module` that carries an address.
    ///
    /// Accounts and deals show the mail of their contacts instead (V4), and an address of one of the organisation's
    /// own users never associates, with a tag or without (V5).
    ///
    /// - Parameter ignoresTags: The organisation takes `name+tag@` for `name@`. An address of a record that has a tag
    ///   itself stands for that one alone.
    package static func associates(module: Module, match: AddressMatch, ignoresTags: Bool) -> Bool {
        guard module.matchesAddresses, !match.recordAddressIsInternal else { return false }
        return switch match.form {
        case .exact: true
        case .withoutTag: ignoresTags && !match.taggedFormIsInternal
        case .other: false
        }
    }
}
