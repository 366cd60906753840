import Hummingbird
import Logging
import MailkeepApp

/// Tells errors as the API's one form, in the reader's language.
struct APIErrors: RouterMiddleware {
    typealias Context = VisitContext

    func handle(
        _ request: Request,
        context: VisitContext,
        next: (Request, VisitContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            let problem = APIProblem(Self.fault(error), in: context.locale)
            if problem.status == .internalServerError {
                context.logger.error(
                    "a request failed",
                    metadata: ["error": "\(problem.detail ?? "\(type(of: error))")"]
                )
            }
            var response = try Response(json: problem.document, problem.status)
            for field in problem.headers { response.headers[field.name] = field.value }
            return response
        }
    }

    /// What the router and the middleware around it throw, as the API names it.
    private static func fault(_ error: any Error) -> any Error {
        switch error {
        case let error as MethodNotAllowed: APIFault(.method, allowed: error.allowed)
        case let error as any HTTPResponseError where error.status == .notFound: APIFault(.path)
        case let error as any HTTPResponseError where error.status == .contentTooLarge: APIFault(.size)
        case let error as any HTTPResponseError where error.status.kind == .clientError: APIFault(.body)
        default: error
        }
    }
}
