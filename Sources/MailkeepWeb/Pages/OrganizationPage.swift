import Hummingbird
import MailkeepApp

/// Settings > Organization: what administrators are associated with, and which addresses are taken for the same.
struct OrganizationPage {
    static let address = "/settings/organization"

    let site: Site

    private struct Content {
        let organizationName: String
        let administratorsSee: Bool
        let ignoresTags: Bool
    }

    func add(to router: some RouterMethods<SignedInContext>) {
        router.get("/settings/organization") { _, context in
            let organization = try await site.mailkeep.perform(ShowOrganization(), as: context.caller)
            let content = Content(
                organizationName: organization.company_name,
                administratorsSee: organization.administrators_see_records,
                ignoresTags: organization.address_tags_ignored
            )
            let title = Presenter(context).wording.text(.organizationTitle)
            return try await site.render(.organization, title: title, content, for: context)
        }
        router.post("/settings/organization") { _, context in
            let action = UpdateOrganization(
                administratorsSeeRecords: context.form["administrators_see"] != nil,
                ignoresAddressTags: context.form["ignore_tags"] != nil
            )
            _ = try await site.mailkeep.perform(action, as: context.caller)
            let notice = Notice(text: Presenter(context).wording.text(.organizationSaved))
            return try await site.redirect(to: Self.address, telling: notice, in: context)
        }
    }
}
