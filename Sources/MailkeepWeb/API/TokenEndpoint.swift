import HTTPTypes
import Hummingbird
import MailkeepApp
import NIOCore

/// `POST /oauth/v2/token`: gives clients access tokens for their refresh tokens (RFC 6749, section 6).
struct TokenEndpoint {
    static let path = "/oauth/v2/token"
    private static let longestForm = 16 << 10

    let site: Site

    func add(to router: some RouterMethods<VisitContext>) {
        router.post(RouterPath(Self.path)) { request, context in try await token(request, context) }
    }

    private struct Answer: Encodable {
        var access_token: String
        var expires_in: Int
        var token_type = "Bearer"
        var api_domain: String
    }

    /// What stands in the body's form counts, and else what stands in the address, as some integrators send it.
    private func token(_ request: Request, _ context: VisitContext) async throws -> Response {
        let body: ByteBuffer
        do {
            body = try await request.body.collect(upTo: Self.longestForm)
        } catch is NIOTooManyBytesError {
            throw APIFault(.size)
        }
        let form = FormData(encoded: String(buffer: body))
        let field = { (name: String) throws -> String in
            guard let value = form[name] ?? context.query[name] else { throw APIFault(.missing, parameter: name) }
            return value
        }
        guard try field("grant_type") == "refresh_token" else { throw APIFault(.grant, parameter: "grant_type") }
        let token = try await site.mailkeep.refresh(
            RefreshRequest(
                clientID: try field("client_id"),
                clientSecret: try field("client_secret"),
                refreshToken: try field("refresh_token"),
                address: context.client
            )
        )
        let answer = Answer(
            access_token: token.text,
            expires_in: Access.seconds,
            api_domain: site.origin(of: request)
        )
        return try Response(json: answer)
    }
}
