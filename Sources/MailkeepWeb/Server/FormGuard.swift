import HTTPTypes
import Hummingbird
import MailkeepApp
import NIOCore

/// Lets only forms through that come from our own pages, and reads them.
struct FormGuard: RouterMiddleware {
    typealias Context = VisitContext

    /// Bytes of a form: certificates in PEM are the longest that is sent.
    private static let longest = 512 << 10

    let site: Site

    func handle(
        _ request: Request,
        context: VisitContext,
        next: (Request, VisitContext) async throws -> Response
    ) async throws -> Response {
        guard request.method != .get, request.method != .head else { return try await next(request, context) }
        guard isOfThisSite(request) else { throw ForeignForm() }
        var visit = context
        let token: String?
        if let upload = MultipartForm(request) {
            // The token comes before the file, so that nothing of the file is read that is not from our own page.
            token = try await upload.field("form_token")
            visit.upload = upload
        } else {
            visit.form = FormData(encoded: String(buffer: try await body(of: request)))
            token = visit.form["form_token"]
        }
        guard !visit.formToken.isEmpty, let token, SecretToken.areEqual(token, visit.formToken) else {
            throw ForeignForm()
        }
        return try await next(request, visit)
    }

    /// - Throws: `HTTPError`: 413 where it is too long, 400 where it is malformed or breaks off.
    private func body(of request: Request) async throws -> ByteBuffer {
        do {
            return try await request.body.collect(upTo: Self.longest)
        } catch is NIOTooManyBytesError {
            throw HTTPError(.contentTooLarge)
        } catch let error where !(error is CancellationError) && !(error is any HTTPResponseError) {
            throw HTTPError(.badRequest)
        }
    }

    /// What the browser itself says of where a form comes from; old ones say nothing, and the token decides.
    private func isOfThisSite(_ request: Request) -> Bool {
        if let site = request.headers[.secFetchSite], site != "same-origin", site != "none" { return false }
        guard let origin = request.headers[.origin] else { return true }
        return origin == site.origin(of: request) || origin == site.configuration.address
    }
}

/// A form that does not come from one of our pages, or from one of a session that has ended.
struct ForeignForm: Error {}

extension HTTPField.Name {
    fileprivate static var secFetchSite: Self { Self("Sec-Fetch-Site") ?? .via }
}
