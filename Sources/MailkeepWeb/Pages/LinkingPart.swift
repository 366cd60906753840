import Hummingbird
import MailkeepApp

/// How far older mail is linked: a quiet line that is fetched anew while there is something left.
struct LinkingPart {
    /// The line as it is fetched anew.
    struct Fragment {
        let t: Words
        let linking: LinkingPart
    }

    let liveAddress: String?
    let lines: [String]
    /// Leads to the mail once it is all there.
    ///
    /// No page has a value of this name: templates look there for what a part lacks.
    let foundAddress: String?
    /// There is nothing to tell any more.
    let isOver: Bool

    /// Of all records, for administrators.
    init(_ linking: LinkingShape, _ presenter: Presenter) {
        let left = [
            "addresses": presenter.number(linking.addresses_left), "mails": presenter.number(linking.mails_left),
        ]
        liveAddress = linking.isPending ? "\(MailAddonPages.address)/linking" : nil
        lines = linking.isPending ? [presenter.wording.text(.linkingLeft, left)] : []
        foundAddress = nil
        isOver = !linking.isPending
    }

    /// Of one record, at its address.
    init(_ linking: RecordLinkingShape, at address: String, _ presenter: Presenter) {
        liveAddress = linking.isPending ? "\(address)/linking" : nil
        lines = presenter.wording.linking(linking)
        foundAddress = linking.isPending ? nil : address
        isOver = false
    }
}

extension Site {
    /// The line alone, for the page that shows it.
    func render(_ linking: LinkingPart, for context: SignedInContext) throws -> Response {
        try render(LinkingPart.Fragment(t: Words(Presenter(context).wording), linking: linking), with: .linking)
    }
}
