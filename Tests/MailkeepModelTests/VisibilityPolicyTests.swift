import MailkeepModel
import Testing

@Suite("Who sees a message on a record's page (V)")
struct VisibilityPolicyTests {
    typealias Copy = VisibilityPolicy.Copy

    /// A colleague's copy in the mailbox of an active owner who shares nothing, unless said otherwise.
    static func copy(
        own: Bool = false,
        active: Bool = true,
        _ sharing: SharingSetting = .none,
        shared: Bool = false,
        correspondent: Bool = false,
        backedUp: Bool = false
    ) -> Copy {
        Copy(
            viewerIsOwner: own,
            ownerIsActive: active,
            sharing: sharing,
            isSharedOnRecord: shared,
            viewerIsCorrespondent: correspondent,
            isBackedUp: backedUp
        )
    }

    struct Line: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let copy: Copy
        let ground: VisibilityPolicy.Ground?

        init(_ sentence: String, _ copy: Copy, _ ground: VisibilityPolicy.Ground?) {
            self.testDescription = sentence
            self.copy = copy
            self.ground = ground
        }
    }

    @Test(arguments: [
        Line("active, Don't share: the owner sees it", copy(own: true), .own),
        Line("active, Don't share: others do not", copy(), nil),
        Line("active, Don't share: a share on the record left from before does not count", copy(shared: true), nil),
        Line(
            "V2: active, Don't share: a colleague in From, To or Cc sees it",
            copy(correspondent: true),
            .correspondent
        ),
        Line("active, Record-level share: the owner sees it", copy(own: true, .recordLevel), .own),
        Line(
            "active, Record-level share: others see it on a shared record",
            copy(.recordLevel, shared: true),
            .recordShare
        ),
        Line("active, Record-level share: others do not on another record", copy(.recordLevel), nil),
        Line(
            "V2: active, Record-level share: a colleague in From, To or Cc sees it",
            copy(.recordLevel, correspondent: true),
            .correspondent
        ),
        Line("active, Share all: others see it", copy(.all), .shareAll),
        Line("B1: inactive: others do not, whatever was shared", copy(active: false, .all, shared: true), nil),
        Line("V2: inactive: nor does a colleague in From, To or Cc", copy(active: false, correspondent: true), nil),
        Line(
            "B7: inactive with a completed backup: others see what it holds, also what was never shared",
            copy(active: false, .recordLevel, backedUp: true),
            .backup
        ),
        Line(
            "inactive with a completed backup: the setting now does not matter",
            copy(active: false, .none, backedUp: true),
            .backup
        ),
        Line("active again: others see what the backup holds", copy(.none, backedUp: true), .backup),
        Line("active again: all else as an active owner's", copy(.none), nil),
        Line("active again: the owner sees it as their own", copy(own: true, .none, backedUp: true), .own),
    ])
    func table(line: Line) {
        #expect(VisibilityPolicy.ground(of: line.copy, viewerIsAssociated: true) == line.ground)
        #expect(VisibilityPolicy.ground(of: line.copy, viewerIsAssociated: false) == nil)
    }

    static let allCopies: [Copy] = SharingSetting.allCases.flatMap { sharing in
        (0..<32).map { bits in
            copy(
                own: bits & 1 != 0,
                active: bits & 2 != 0,
                sharing,
                shared: bits & 4 != 0,
                correspondent: bits & 8 != 0,
                backedUp: bits & 16 != 0
            )
        }
    }

    /// Table V as prose turned round: what must hold for nobody to see the copy.
    private func isHidden(_ copy: Copy) -> Bool {
        let isHiddenInBackup = !copy.isBackedUp
        let isHiddenByLeaving = !copy.ownerIsActive
        let isWithheld: Bool
        switch copy.sharing {
        case .all: isWithheld = false
        case .recordLevel: isWithheld = !copy.isSharedOnRecord
        case .none: isWithheld = true
        }
        let isStranger = !copy.viewerIsOwner && !copy.viewerIsCorrespondent
        return isHiddenInBackup && (isHiddenByLeaving || (isWithheld && isStranger))
    }

    @Test("Every combination follows the table", arguments: allCopies)
    func everyCombination(copy: Copy) {
        #expect(VisibilityPolicy.sees([copy], viewerIsAssociated: true) == !isHidden(copy))
    }

    @Test("V1: who is not associated with the record sees nothing", arguments: allCopies)
    func V1(copy: Copy) {
        #expect(!VisibilityPolicy.sees([copy], viewerIsAssociated: false))
    }

    @Test("V: of two mailboxes that hold the message one that allows it is enough, and none hides the other's")
    func twoMailboxes() {
        for first in Self.allCopies {
            for second in Self.allCopies {
                #expect(
                    VisibilityPolicy.sees([first, second], viewerIsAssociated: true)
                        == !(isHidden(first) && isHidden(second))
                )
            }
        }
    }

    @Test("B1: when one of two owners has left, the other's setting decides until there is a backup")
    func oneOfTwoOwnersLeft() {
        let left = Self.copy(active: false, .all)
        #expect(!VisibilityPolicy.sees([left, Self.copy(.none)], viewerIsAssociated: true))
        #expect(VisibilityPolicy.sees([left, Self.copy(.all)], viewerIsAssociated: true))
        #expect(
            VisibilityPolicy.sees(
                [Self.copy(active: false, .all, backedUp: true), Self.copy(.none)],
                viewerIsAssociated: true
            )
        )
    }

    @Test("V: a message that no mailbox holds is seen by nobody")
    func noCopy() {
        #expect(!VisibilityPolicy.sees([], viewerIsAssociated: true))
    }

    @Test(
        "V0: an active owner reads their own mail under My mail, and nobody else does",
        arguments: [(true, true, true), (true, false, false), (false, true, false), (false, false, false)]
    )
    func V0(isOwner: Bool, isActive: Bool, sees: Bool) {
        #expect(VisibilityPolicy.seesUnderMyMail(viewerIsOwner: isOwner, ownerIsActive: isActive) == sees)
    }

    @Test(
        "V4, V5: leads and contacts match addresses, accounts and deals do not, and internal addresses never",
        arguments: [(Module.leads, true), (.contacts, true), (.accounts, false), (.deals, false)]
    )
    func V4V5(module: Module, matches: Bool) {
        for ignoresTags in [false, true] {
            let own = VisibilityPolicy.AddressMatch(form: .exact, recordAddressIsInternal: true)
            let other = VisibilityPolicy.AddressMatch(form: .exact)
            #expect(VisibilityPolicy.associates(module: module, match: other, ignoresTags: ignoresTags) == matches)
            #expect(!VisibilityPolicy.associates(module: module, match: own, ignoresTags: ignoresTags))
        }
    }

    @Test("V5: an address with a tag associates where tags are ignored, unless a colleague has such an address")
    func tags() {
        let tagged = VisibilityPolicy.AddressMatch(form: .withoutTag)
        #expect(!VisibilityPolicy.associates(module: .contacts, match: tagged, ignoresTags: false))
        #expect(VisibilityPolicy.associates(module: .contacts, match: tagged, ignoresTags: true))
        #expect(!VisibilityPolicy.associates(module: .deals, match: tagged, ignoresTags: true))
        let own = VisibilityPolicy.AddressMatch(form: .withoutTag, taggedFormIsInternal: true)
        #expect(!VisibilityPolicy.associates(module: .contacts, match: own, ignoresTags: true))
        let none = VisibilityPolicy.AddressMatch(form: .other)
        #expect(!VisibilityPolicy.associates(module: .contacts, match: none, ignoresTags: true))
    }

    @Test("V5: an address that stands on a record is nobody's mailbox, unless an administrator made it theirs")
    func claims() {
        #expect(VisibilityPolicy.claim(standsOnRecord: true) == .refused(.v5))
        #expect(VisibilityPolicy.claim(standsOnRecord: false) == .allowed)
    }

    @Test("V4: mail shared on a contact is not shared on its account")
    func shareDoesNotExtend() {
        let onContact = Self.copy(.recordLevel, shared: true)
        let onAccount = Self.copy(.recordLevel, shared: false)
        #expect(VisibilityPolicy.sees([onContact], viewerIsAssociated: true))
        #expect(!VisibilityPolicy.sees([onAccount], viewerIsAssociated: true))
    }
}
