import HTTPTypes
import Hummingbird
import MailkeepApp
import MailkeepModel

/// Settings > Personal settings > Mail add-on settings: one's own mailbox and sharing setting (L1, L2, U3).
struct MailSettingsPage {
    static let address = "/settings/mail-addon"

    let site: Site

    func add(to router: some RouterMethods<SignedInContext>) {
        router.get("/settings/mail-addon") { _, context in
            try await page(try await saved(context), for: context)
        }
        router.post("/settings/mail-addon") { _, context in try await save(context) }
        router.post("/settings/mail-addon/test") { _, context in try await test(context) }
    }

    func saved(_ context: SignedInContext) async throws -> MailAddonShape? {
        try await site.mailkeep.perform(ShowMailAddonSettings(user: context.user.id), as: context.caller)
    }

    private func save(_ context: SignedInContext) async throws -> Response {
        let saved = try await saved(context)
        let entered = try MailSettingsForm(context.form)
        do {
            let action = SaveMailAddonSettings(user: context.user.id, input: try entered.input(beside: saved))
            _ = try await site.mailkeep.perform(action, as: context.caller)
        } catch {
            return try await page(saved, entered, problem: try problem(error, in: context), for: context)
        }
        let notice = Notice(text: Presenter(context).wording.text(.okSave))
        return try await site.redirect(to: Self.address, telling: notice, in: context)
    }

    /// Tries what is entered, whether it is saved or not, and shows the form as it was.
    private func test(_ context: SignedInContext) async throws -> Response {
        let saved = try await saved(context)
        let entered = try MailSettingsForm(context.form)
        let wording = Presenter(context).wording
        do {
            let action = TestMailAccount(user: context.user.id, input: try entered.input(beside: saved))
            let count = try await site.mailkeep.perform(action, as: context.caller)
            let answer = wording.text(.okTest, ["folders": "\(count)"])
            return try await page(saved, entered, answer: answer, for: context)
        } catch {
            return try await page(saved, entered, testProblem: try problem(error, in: context), for: context)
        }
    }

    /// What the page tells of an error; one that is no matter of the settings is thrown on.
    func problem(_ error: any Error, in context: SignedInContext) throws -> Problem {
        let problem = Problem(error, in: context.user.locale)
        guard problem.status != .internalServerError, (error as? Refusal)?.rule != .u1 else { throw error }
        return problem
    }

    func page(
        _ saved: MailAddonShape?,
        _ entered: MailSettingsForm? = nil,
        problem: Problem? = nil,
        testProblem: Problem? = nil,
        answer: String? = nil,
        for context: SignedInContext
    ) async throws -> Response {
        let previews = try await site.mailkeep.perform(PreviewSharing(), as: context.caller)
        let presenter = Presenter(context)
        var content = MailSettingsContent(
            // A form of locked settings holds none of them.
            entered.flatMap { $0.isUnchanged ? nil : $0 } ?? MailSettingsForm(saved, email: context.user.email),
            saved: saved,
            previews,
            providers: site.mailkeep.signInProviders,
            presenter
        )
        content.problem = problem?.message
        content.testProblem = testProblem?.message
        content.testAnswer = answer
        let status = problem?.status ?? testProblem?.status ?? .ok
        let title = presenter.wording.text(.ownTitle)
        return try await site.render(.mailSettings, title: title, content, status, for: context)
    }
}

/// What is entered of mail add-on settings.
struct MailSettingsForm: Sendable {
    var accountType = AccountType.imap
    var address = ""
    var host = ""
    var port = ""
    var security = ConnectionSecurity.tls
    var username = ""
    var password: String?
    var certificates: String?
    var sharing = SharingSetting.none
    /// The settings are locked, and only saved as they are.
    var isUnchanged = false

    /// - Throws: `HTTPError` (400) where a choice is none: what was cut off must not change what is shared.
    init(_ form: FormData) throws {
        isUnchanged = form["unchanged"] != nil
        guard !isUnchanged else {
            password = form["password"].flatMap { $0.isEmpty ? nil : $0 }
            return
        }
        guard let type = form["account_type"].flatMap({ AccountType(rawValue: $0) }),
            let setting = form["sharing"].flatMap({ SharingSetting(rawValue: $0) })
        else { throw HTTPError(.badRequest) }
        (accountType, sharing) = (type, setting)
        address = form.text("address") ?? ""
        host = form.text("host") ?? ""
        port = form.text("port") ?? ""
        security = form["security"].flatMap { ConnectionSecurity(rawValue: $0) } ?? .tls
        username = form.text("username") ?? ""
        password = form["password"].flatMap { $0.isEmpty ? nil : $0 }
        certificates = form.text("certificates")
    }

    /// What is saved; of who has saved nothing yet, what is likely.
    init(_ saved: MailAddonShape?, email: String) {
        guard let saved else {
            address = email
            return
        }
        accountType = AccountType(rawValue: saved.mailbox.account_type) ?? .imap
        address = saved.mailbox.address
        host = saved.mailbox.host ?? ""
        port = saved.mailbox.port.map { "\($0)" } ?? ""
        security = saved.mailbox.security.flatMap { ConnectionSecurity(rawValue: $0) } ?? .tls
        sharing = SharingSetting(rawValue: saved.sharing) ?? .none
    }

    /// The settings that this amounts to.
    ///
    /// - Throws: `AppError` (`badPort`).
    func input(beside saved: MailAddonShape?) throws -> MailAddonInput {
        if isUnchanged, let saved {
            var input = MailAddonInput(
                accountType: AccountType(rawValue: saved.mailbox.account_type) ?? .imap,
                address: saved.mailbox.address,
                sharing: SharingSetting(rawValue: saved.sharing) ?? .none
            )
            input.password = password
            return input
        }
        var input = MailAddonInput(accountType: accountType, address: address, sharing: sharing)
        input.password = password
        if !username.isEmpty { input.username = username }
        // Where a provider's server is known, what stands in the fields of the server is of another account type.
        guard accountType == .imap || accountType == .pop3 else { return input }
        input.host = host.isEmpty ? nil : host
        input.security = security
        input.certificates = certificates
        guard !port.isEmpty else { return input }
        guard let number = Int(port) else { throw AppError(.badPort) }
        input.port = number
        return input
    }
}

/// What the page of mail add-on settings shows.
struct MailSettingsContent {
    /// A button that leads to a provider's pages.
    struct SignIn {
        let signInAction: String
        let signInText: String
    }

    struct Sharing {
        let sharingValue: String
        let sharingName: String
        let meaning: String
        let previewText: String
        let isChosen: Bool
    }

    let isLocked: Bool
    let lockedText: String
    let isSaved: Bool
    let accountTypes: [Choice]
    let accountTypeName: String
    let address: String
    let host: String
    let port: String
    let securities: [Choice]
    let serverText: String?
    let username: String
    let sharings: [Sharing]
    let sharingText: String
    let hasPassword: Bool
    let signIns: [SignIn]
    let hasSignIns: Bool
    let signedInText: String?
    let lastSync: Moment?
    let savedAt: Moment?
    let syncProblem: String?
    var problem: String?
    var testProblem: String?
    var testAnswer: String?

    /// What can work now: Microsoft 365 only where Mailkeep is registered with Microsoft, and files of the server are no
    /// matter of its users.
    static let offered: [AccountType] = [.imap, .pop3, .gmail, .zoho, .yahoo]

    init(
        _ entered: MailSettingsForm,
        saved: MailAddonShape?,
        _ previews: [SharingPreviewShape],
        providers: [MailProvider],
        _ presenter: Presenter
    ) {
        let wording = presenter.wording
        isLocked = saved?.locked == true
        lockedText = saved.map { presenter.lock($0) } ?? ""
        isSaved = saved != nil
        var types = Self.offered + providers.map(\.accountType).filter { !Self.offered.contains($0) }
        // What is saved can be saved again.
        let savedType = saved.flatMap { AccountType(rawValue: $0.mailbox.account_type) }
        if let savedType, !types.contains(savedType) { types.append(savedType) }
        accountTypes = types.map { Choice($0.rawValue, $0.displayName, chosen: entered.accountType.rawValue) }
        accountTypeName = savedType?.displayName ?? ""
        address = entered.address
        host = entered.host
        port = entered.port
        securities = [
            (ConnectionSecurity.tls, PageWord.securityTls), (.starttls, .securityStarttls), (.none, .securityNone),
        ].map { Choice($0.0.rawValue, wording.text($0.1), chosen: entered.security.rawValue) }
        serverText = saved?.mailbox.host.map { "\($0):\(saved?.mailbox.port ?? 0)" } ?? saved?.mailbox.path
        username = entered.username
        sharings = SharingSetting.allCases.map { setting in
            Sharing(setting, previews, chosen: entered.sharing, presenter)
        }
        sharingText = presenter.sharing(saved?.sharing ?? "")
        hasPassword = saved?.mailbox.sign_in == "password"
        let signedIn = saved?.mailbox.sign_in.flatMap(MailProvider.init)
        signedInText = signedIn.map { wording.text(.ownSignedIn, ["provider": $0.displayName]) }
        // While the settings are locked, only the provider of the mailbox as it is can be signed in to.
        signIns = providers.filter { saved?.locked != true || $0 == savedType?.provider }.map { provider in
            SignIn(
                signInAction: MailSignInPage.address(of: provider),
                signInText: wording.text(
                    provider == signedIn ? .ownSignInAgain : .ownSignIn,
                    ["provider": provider.displayName]
                )
            )
        }
        hasSignIns = !signIns.isEmpty
        lastSync = presenter.moment(saved?.last_sync_time)
        savedAt = presenter.moment(saved?.saved_time)
        syncProblem = saved.flatMap { presenter.failure($0) }
    }
}

extension MailSettingsContent.Sharing {
    fileprivate init(
        _ setting: SharingSetting,
        _ previews: [SharingPreviewShape],
        chosen: SharingSetting,
        _ presenter: Presenter
    ) {
        let wording = presenter.wording
        sharingValue = setting.rawValue
        sharingName = presenter.sharing(setting.rawValue)
        isChosen = setting == chosen
        meaning = wording.text(key: "sharing.\(setting.rawValue)")
        let preview = previews.first { $0.sharing == setting.rawValue }
        let values = [
            "messages": presenter.number(preview?.messages ?? 0), "records": presenter.number(preview?.records ?? 0),
            "users": presenter.number(preview?.users ?? 0),
        ]
        previewText = wording.text((preview?.messages ?? 0) == 0 ? .sharingPreviewNone : .sharingPreview, values)
    }
}
