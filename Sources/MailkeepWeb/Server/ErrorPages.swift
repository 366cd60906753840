import HTTPTypes
import Hummingbird
import Logging
import MailkeepApp
import MailkeepModel

/// Tells errors as pages, in the reader's language.
struct ErrorPages: RouterMiddleware {
    typealias Context = VisitContext

    let site: Site

    func handle(
        _ request: Request,
        context: VisitContext,
        next: (Request, VisitContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch is NotSignedIn {
            return .redirect(to: SignInPages.address(returningTo: request), type: .normal)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            let problem = Problem(error, in: context.locale)
            if problem.status == .internalServerError {
                context.logger.error("a page failed", metadata: ["error": "\(problem.detail ?? "\(type(of: error))")"])
            }
            var page = try site.render(.error, title: problem.message, ErrorPage(problem), problem.status, for: context)
            if let methods = (error as? MethodNotAllowed)?.allowed { page.headers[.allow] = methods }
            return page
        }
    }
}

/// What the page of an error says.
private struct ErrorPage {
    let message: String
    let rule: String?

    init(_ problem: Problem) {
        message = problem.message
        rule = problem.rule
    }
}

/// An error as a page tells it.
struct Problem {
    let status: HTTPResponse.Status
    let message: String
    let rule: String?
    /// For the log.
    let detail: String?

    init(_ error: any Error, in locale: Locale) {
        let wording = Wording(locale: locale, on: .page)
        switch error {
        case is ForeignForm: self.init(.forbidden, wording.text(.pageFormExpired))
        // The same as a record that may not be seen (V1).
        case let error as any HTTPResponseError where error.status == .notFound:
            self.init(Refusal(.v1), in: locale)
        case is MethodNotAllowed: self.init(.methodNotAllowed, wording.text(.pageMethod))
        case let error as any HTTPResponseError: self.init(error.status, wording.text(.pageBadRequest))
        default:
            let report = ErrorReport(error, in: wording)
            let rule = report.document.details.rule
            let status: HTTPResponse.Status =
                switch report.kind {
                case .refused: rule == Rule.v1.rawValue ? .notFound : .forbidden
                case .invalid where error.isOfWhatIsNotThere: .notFound
                case .invalid, .badFile, .mailbox: .badRequest
                case .failed: error is AppError ? .badRequest : .internalServerError
                }
            self.init(status, report.document.message, rule: rule, detail: report.detail)
        }
    }

    init(_ status: HTTPResponse.Status, _ message: String, rule: String? = nil, detail: String? = nil) {
        self.status = status
        self.message = message
        self.rule = rule
        self.detail = detail
    }
}

extension Error {
    /// Whether an administrator named a user, a backup, a client or a webhook that is not there.
    var isOfWhatIsNotThere: Bool {
        let code = (self as? AppError)?.code
        return code == .noUser || code == .noBackup || code == .noClient
            || code == .noWebhook
    }
}
