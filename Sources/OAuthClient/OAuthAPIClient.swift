import AsyncHTTPClient
package import Foundation
import NIOCore
import NIOFoundationCompat
import NIOHTTP1

/// Reads an API that takes access tokens, with a refresh token.
///
/// An access token that has ended is renewed, and what is out of order for a while is asked again, with pauses, as long
/// as the server says or twice as long each time. Nothing is followed or unpacked.
package actor OAuthAPIClient {
    /// What the API answered.
    package struct Answer: Sendable {
        package let status: Int
        package let body: Data
        /// By the server's clock.
        package let date: Date?
    }

    /// Bytes of an answer: two hundred records with all their fields have room.
    private static let longestAnswer = 32 << 20
    private static let attempts = 6
    private static let longestPause = Duration.seconds(300)

    private let client: HTTPClient
    private let base: URL
    private let scheme: String
    private let tokens: OAuthTokenClient
    private let refreshToken: String
    private var accessToken: String?

    /// Lends a client for the time of `body`.
    ///
    /// - Parameters:
    ///   - base: the API's own address.
    ///   - scheme: what stands before the token in `Authorization`.
    package static func with<Result: Sendable>(
        _ configuration: OAuthClientConfiguration,
        refreshToken: String,
        base: URL,
        scheme: String = "Bearer",
        _ body: @Sendable (OAuthAPIClient) async throws -> Result
    ) async throws -> Result {
        guard OAuthClientConfiguration.isUsable(base) else {
            throw OAuthError(.clientRefused, "the API's address is no https address")
        }
        let tokens = OAuthTokenClient(configuration)
        return try await HTTPClient.withHTTPClient(configuration: tokens.clientConfiguration()) { client in
            try await body(
                OAuthAPIClient(
                    client: client,
                    base: base,
                    scheme: scheme,
                    tokens: tokens,
                    refreshToken: refreshToken
                )
            )
        }
    }

    private init(client: HTTPClient, base: URL, scheme: String, tokens: OAuthTokenClient, refreshToken: String) {
        self.client = client
        self.base = base
        self.scheme = scheme
        self.tokens = tokens
        self.refreshToken = refreshToken
    }

    /// Asks for something; what the API says is for the caller to judge, but for a token that has ended.
    ///
    /// - Throws: `OAuthError` where there is no answer, or no access token; `CancellationError`.
    package func get(_ path: String, _ query: [String: String], headers: [String: String] = [:]) async throws -> Answer
    {
        var pause = Duration.seconds(1)
        var isRenewed = false
        for attempt in 1... {
            let token: String
            if let accessToken {
                token = accessToken
            } else {
                token = try await tokens.refresh(refreshToken).accessToken
                accessToken = token
            }
            do {
                let (answer, wait) = try await ask(path, query, headers, token)
                if answer.status == 401, !isRenewed {
                    (isRenewed, accessToken) = (true, nil)
                    continue
                }
                guard answer.status == 429 || answer.status >= 500, attempt < Self.attempts else { return answer }
                if let wait { pause = wait }
            } catch let error as OAuthError where error.code == .unavailable && attempt < Self.attempts {}
            try await Task.sleep(for: min(pause, Self.longestPause))
            pause *= 2
        }
        throw OAuthError(.unavailable, "the API does not answer")
    }

    /// A moment as HTTP writes it (RFC 9110, section 5.6.7).
    private static func date(_ text: String) -> Date? {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return formatter.date(from: text)
    }

    private func ask(
        _ path: String,
        _ query: [String: String],
        _ headers: [String: String],
        _ token: String
    ) async throws -> (Answer, wait: Duration?) {
        let address = base.appending(path: path).absoluteString
        var request = HTTPClientRequest(url: query.isEmpty ? address : "\(address)?\(FormEncoding.encode(query))")
        request.headers.add(name: "Authorization", value: "\(scheme) \(token)")
        request.headers.add(name: "Accept", value: "application/json")
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        do {
            let response = try await client.execute(request, timeout: .seconds(120))
            let body = try await response.body.collect(upTo: Self.longestAnswer)
            let answer = Answer(
                status: Int(response.status.code),
                body: Data(buffer: body),
                date: response.headers.first(name: "Date").flatMap(Self.date)
            )
            return (
                answer, response.headers.first(name: "Retry-After").flatMap { Int($0) }.map { .seconds(max(1, $0)) }
            )
        } catch {
            try Task.checkCancellation()
            throw OAuthTokenClient.failure(error, of: "the API")
        }
    }
}
