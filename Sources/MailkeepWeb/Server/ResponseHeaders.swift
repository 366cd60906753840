import HTTPTypes
import Hummingbird
import Logging

/// Adds the headers that every answer has, errors included (design decision 18).
struct ResponseHeaders: RouterMiddleware {
    typealias Context = VisitContext

    let isSecure: Bool

    /// Pages load nothing but our own stylesheet, script and images, and run nothing that stands in them.
    static let pagePolicy = """
        default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self'; \
        form-action 'self'; base-uri 'none'; frame-ancestors 'none'
        """

    func handle(
        _ request: Request,
        context: VisitContext,
        next: (Request, VisitContext) async throws -> Response
    ) async throws -> Response {
        var response: Response
        do {
            response = try await next(request, context)
        } catch let error as any HTTPResponseError {
            response = Response(status: error.status)
        } catch {
            context.logger.error("a page failed", metadata: ["error": "\(type(of: error))"])
            response = Response(status: .internalServerError)
        }
        set(.contentSecurityPolicy, Self.pagePolicy, in: &response)
        set(.cacheControl, "no-store", in: &response)
        set(.xContentTypeOptions, "nosniff", in: &response)
        // No other site is told anything; our own forms would otherwise come without a word on where from.
        set("Referrer-Policy", "same-origin", in: &response)
        set("X-Frame-Options", "SAMEORIGIN", in: &response)
        set("X-DNS-Prefetch-Control", "off", in: &response)
        set("Cross-Origin-Opener-Policy", "same-origin", in: &response)
        set("Permissions-Policy", "camera=(), geolocation=(), microphone=()", in: &response)
        if isSecure { set(.strictTransportSecurity, "max-age=31536000", in: &response) }
        return response
    }

    /// What a route has set of its own stands.
    private func set(_ name: HTTPField.Name, _ value: String, in response: inout Response) {
        if response.headers[name] == nil { response.headers[name] = value }
    }

    private func set(_ name: String, _ value: String, in response: inout Response) {
        if let name = HTTPField.Name(name) { set(name, value, in: &response) }
    }
}
