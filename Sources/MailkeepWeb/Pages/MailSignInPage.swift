import HTTPTypes
import Hummingbird
import MailkeepApp
import MailkeepModel

/// Signing in to one's own mailbox on the pages of its provider, and coming back (L1, L2, V5).
///
/// Each provider is given an address of its own to come back to, so that none can be taken for another (RFC 9700, 4.4).
struct MailSignInPage {
    let site: Site

    static func address(of provider: MailProvider) -> String { "/settings/mail-addon/sign-in/\(provider.rawValue)" }

    func add(to router: some RouterMethods<SignedInContext>) {
        router.post("/settings/mail-addon/sign-in/{provider}") { _, context in
            try await begin(with: try Self.provider(context), context)
        }
        router.get("/settings/mail-addon/sign-in/{provider}") { request, context in
            try await finish(with: try Self.provider(context), request, context)
        }
    }

    private static func provider(_ context: SignedInContext) throws -> MailProvider {
        guard let provider = context.parameters.get("provider").flatMap({ MailProvider(rawValue: $0) }) else {
            throw HTTPError(.notFound)
        }
        return provider
    }

    private struct Content {
        let heading: String
        let leadsText: String
        let providerAddress: String
    }

    /// Sends the browser on by a page of our own, not by a redirect: browsers let a form lead to our pages alone, and
    /// where a provider redirects to further is not known.
    private func begin(with provider: MailProvider, _ context: SignedInContext) async throws -> Response {
        let settings = MailSettingsPage(site: site)
        let saved = try await settings.saved(context)
        let entered = try MailSettingsForm(context.form)
        let address: String
        do {
            let input = try entered.input(beside: saved)
            let action = BeginMailSignIn(
                session: context.session,
                provider: provider,
                address: input.address,
                sharing: input.sharing,
                redirectURI: site.configuration.address + Self.address(of: provider)
            )
            address = try await site.mailkeep.perform(action, as: context.caller)
        } catch {
            return try await settings.page(
                saved,
                entered,
                problem: try settings.problem(error, in: context),
                for: context
            )
        }
        let wording = Presenter(context).wording
        let heading = wording.text(.ownSignIn, ["provider": provider.displayName])
        let content = Content(
            heading: heading,
            leadsText: wording.text(.ownSignInLeads, ["provider": provider.displayName]),
            providerAddress: address
        )
        var response = try await site.render(.provider, title: heading, content, for: context)
        response.headers[.refresh] = "0; url=\(address)"
        return response
    }

    /// The one address that acts when it is merely followed: the state that only the session's own provider page was
    /// given proves that the person asked for it, and works once.
    private func finish(
        with provider: MailProvider,
        _ request: Request,
        _ context: SignedInContext
    ) async throws -> Response {
        guard request.method == .get else { return .redirect(to: MailSettingsPage.address, type: .normal) }
        let query = context.visit.query
        let answer = FinishMailSignIn.Answer(state: query["state"], code: query["code"], error: query["error"])
        let settings = MailSettingsPage(site: site)
        var notice = Notice(text: Presenter(context).wording.text(.ownSignInDone))
        do {
            let action = FinishMailSignIn(session: context.session, provider: provider, answer: answer)
            _ = try await site.mailkeep.perform(action, as: context.caller)
        } catch {
            notice = Notice(text: try settings.problem(error, in: context).message, isProblem: true)
        }
        return try await site.redirect(to: MailSettingsPage.address, telling: notice, in: context)
    }
}

extension HTTPField.Name {
    fileprivate static var refresh: Self { Self("Refresh") ?? .via }
}
