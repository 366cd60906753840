import Hummingbird
import Logging
import MailkeepApp
import MailkeepMetrics

/// What every page has at hand.
struct Site: Sendable {
    let mailkeep: Mailkeep
    let configuration: WebConfiguration
    let setUpToken: SecretToken?
    let templates: Templates
    let proxies: TrustedProxies
    let apiRate: APIRate
    let metrics: MetricRegistry
    let logger: Logger
    let readiness: ReadinessProbe
    /// When the certificate ends that is served, in seconds since 1970; nil without one.
    let certificateEnd: Double?

    init(
        mailkeep: Mailkeep,
        configuration: WebConfiguration,
        setUpToken: SecretToken?,
        metrics: MetricRegistry = MetricRegistry(),
        logger: Logger = Logger(label: "mailkeep")
    ) throws {
        self.mailkeep = mailkeep
        self.configuration = configuration
        self.setUpToken = setUpToken
        templates = try Templates()
        proxies = TrustedProxies(configuration.trustedProxies)
        apiRate = APIRate(limit: configuration.apiRateLimit)
        self.metrics = metrics
        self.logger = logger
        readiness = ReadinessProbe(mailkeep)
        certificateEnd = configuration.certificateEnd
    }

    /// Every route there is.
    func router() throws -> Router<VisitContext> {
        let bare = Router(context: VisitContext.self)
        addPages(to: bare)
        let router = Router(context: VisitContext.self, options: [.autoGenerateHeadEndpoints])
        router.add(middleware: RequestLog(metrics: metrics, logger: logger))
        router.add(middleware: ResponseHeaders(isSecure: configuration.isSecure))
        router.add(middleware: VisitMiddleware(site: self))
        router.add(middleware: APIDoor(responder: api().buildResponder()))
        router.add(middleware: ErrorPages(site: self))
        router.add(middleware: MethodGuard(bare.routes))
        router.add(middleware: FormGuard(site: self))
        addPages(to: router)
        return router
    }

    private func addPages(to router: Router<VisitContext>) {
        OperationRoutes(site: self).add(to: router)
        Assets().add(to: router)
        SetUpPage(site: self).add(to: router)
        SignInPages(site: self).add(to: router)
        InvitationPage(site: self).add(to: router)
        InlineImages(site: self).add(to: router)
        let signedIn = router.group(context: SignedInContext.self)
        HomePage(site: self).add(to: signedIn)
        AccountPage(site: self).add(to: signedIn)
        MailSettingsPage(site: self).add(to: signedIn)
        MailSignInPage(site: self).add(to: signedIn)
        RecordPages(site: self).add(to: signedIn)
        MessagePages(site: self).add(to: signedIn)
        MyMailPage(site: self).add(to: signedIn)
        UserPages(site: self).add(to: signedIn)
        MailAddonPages(site: self).add(to: signedIn)
        BackupPages(site: self).add(to: signedIn)
        AuditPage(site: self).add(to: signedIn)
        ClientPages(site: self).add(to: signedIn)
        ReferencePage(site: self).add(to: signedIn)
        OrganizationPage(site: self).add(to: signedIn)
        NotificationPages(site: self).add(to: signedIn)
        HoldPages(site: self).add(to: signedIn)
        RetentionPages(site: self).add(to: signedIn)
        ErasurePages(site: self).add(to: signedIn)
    }
}
