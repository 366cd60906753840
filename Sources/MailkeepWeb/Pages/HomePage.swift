import Hummingbird
import MailkeepApp

/// Leads to the records, which most people come for.
struct HomePage {
    let site: Site

    func add(to router: some RouterMethods<SignedInContext>) {
        router.get("/") { _, _ in Response.redirect(to: "/records/Contacts", type: .normal) }
        router.get("/settings") { _, context in
            try await site.render(
                .settings,
                title: Presenter(context).wording.text(.settingsTitle),
                Empty(),
                for: context
            )
        }
    }

    private struct Empty {}
}
