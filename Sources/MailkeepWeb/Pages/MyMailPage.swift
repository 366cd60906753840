import Hummingbird
import MailkeepApp
import MailkeepModel

/// My mail: what is stored of one's own mailbox, whatever its records (V0).
struct MyMailPage {
    static let address = "/mail"

    let site: Site

    private struct Content {
        let mails: [MailLine]
        let hasNoMail: Bool
        let pager: Pager
    }

    func add(to router: some RouterMethods<SignedInContext>) {
        router.get("/mail") { _, context in
            let form = context.visit.query
            let asked = PageRequest(form["page"].flatMap { Int($0) } ?? 1)
            let action = ListOwnEmails(owner: context.user.id, page: asked)
            let page = try await site.mailkeep.perform(action, as: context.caller)
            let presenter = Presenter(context)
            let content = Content(
                mails: page.items.map { MailLine($0, at: Self.address, presenter) },
                hasNoMail: page.items.isEmpty,
                pager: Pager(page, PageAddress(Self.address), presenter)
            )
            return try await site.render(.mail, title: presenter.wording.text(.mailTitle), content, for: context)
        }
    }
}
