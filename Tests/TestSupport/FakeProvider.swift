import Crypto
import Foundation
import NIOCore
import Synchronization

/// A mail provider's OAuth 2.0 server within the test's process: it signs people in, gives tokens, and tells a mail server
/// whose they are.
///
/// A refresh token that was replaced is taken for stolen when it is used again, as providers do (RFC 9700, 4.14).
package final class FakeProvider: Sendable {
    /// How the token endpoint answers.
    package enum Manner: Sendable {
        case asItShould
        /// With this, whatever is asked.
        case status(Int, String)
        /// With bytes that are no HTTP.
        case noHTTP(String)
        /// With more than anybody wants.
        case endless
        /// With a byte now and then.
        case drip
        case silence
    }

    package struct State: Sendable {
        package var manner = Manner.asItShould
        package var rotates = false
        package var givesRefreshTokens = true
        /// Seconds, as the provider says.
        package var lifetime = 3600
        /// Milliseconds before an answer.
        package var delay = 0
        /// The address that each valid access token is for.
        package var accessTokens: [String: String] = [:]
        /// The address that each valid refresh token is for.
        package var refreshTokens: [String: String] = [:]
        /// How often the token endpoint was asked for anything, answered or not yet.
        package fileprivate(set) var requests = 0
        /// How often tokens were asked for with a refresh token.
        package var refreshes = 0
        package var thefts = 0
        fileprivate var replaced: Set<String> = []
        fileprivate var codes: [String: (email: String, challenge: String, redirectURI: String)] = [:]
        fileprivate var count = 0

        fileprivate mutating func next(_ kind: String) -> String {
            count += 1
            return "\(kind)-\(count)-canary"
        }
    }

    package let port: Int
    private let scheme: String
    private let state = Mutex(State())

    fileprivate init(port: Int, scheme: String) {
        self.port = port
        self.scheme = scheme
    }

    package var tokenEndpoint: String { "\(scheme)://127.0.0.1:\(port)/token" }
    package var authorizationEndpoint: String { "\(scheme)://127.0.0.1:\(port)/authorize" }
    /// Where a mail server asks whose token it has been given.
    package var tokenInformation: String { "http://127.0.0.1:\(port)/tokeninfo?access_token=" }

    package var now: State { state.withLock { $0 } }

    package func change(_ body: (inout State) -> Void) { state.withLock { body(&$0) } }

    /// Waits until the token endpoint has been asked once more than `before` so many times, answered or not yet.
    package func awaitRequest(after before: Int) async throws {
        while now.requests <= before { try await Task.sleep(for: .milliseconds(2)) }
    }

    /// Makes a refresh token without a person, as who has one already.
    package func grant(to email: String) -> String {
        state.withLock { state in
            let token = state.next("refresh")
            state.refreshTokens[token] = email
            return token
        }
    }

    /// A person signs in on the page at an address, and is sent back with what is returned.
    package func signIn(at address: String, as email: String) -> (redirectURI: String, state: String, code: String)? {
        let items = URLComponents(string: address)?.queryItems ?? []
        let query = Dictionary(items.map { ($0.name, $0.value ?? "") }) { first, _ in first }
        guard query["response_type"] == "code", query["code_challenge_method"] == "S256",
            query["client_id"] == "client",
            let challenge = query["code_challenge"], let redirectURI = query["redirect_uri"], let back = query["state"]
        else { return nil }
        return state.withLock { state in
            let code = state.next("code")
            state.codes[code] = (email, challenge, redirectURI)
            return (redirectURI, back, code)
        }
    }

    fileprivate func answer(_ target: String, _ form: [String: String]) -> (status: Int, body: String) {
        state.withLock { state in
            if target.hasPrefix("/tokeninfo") {
                let token = target.split(separator: "=", maxSplits: 1).last?.removingPercentEncoding ?? ""
                guard let email = state.accessTokens[token] else { return (400, "{\"error\":\"invalid_token\"}") }
                return (200, "{\"email\":\"\(email)\"}")
            }
            guard form["client_id"] == "client", form["client_secret"] == "client-secret-canary" else {
                return (401, "{\"error\":\"invalid_client\"}")
            }
            switch form["grant_type"] {
            case "authorization_code":
                let verifier = Data(SHA256.hash(data: Data((form["code_verifier"] ?? "").utf8))).base64EncodedString()
                    .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
                guard let code = state.codes.removeValue(forKey: form["code"] ?? ""), code.challenge == verifier,
                    code.redirectURI == form["redirect_uri"]
                else { return (400, "{\"error\":\"invalid_grant\"}") }
                return (200, Self.tokens(for: code.email, withRefreshToken: state.givesRefreshTokens, &state))
            case "refresh_token":
                state.refreshes += 1
                let token = form["refresh_token"] ?? ""
                if state.replaced.contains(token) {
                    state.thefts += 1
                    state.refreshTokens = [:]
                    state.accessTokens = [:]
                }
                guard let email = state.refreshTokens[token] else { return (400, "{\"error\":\"invalid_grant\"}") }
                if state.rotates {
                    state.refreshTokens[token] = nil
                    state.replaced.insert(token)
                }
                return (200, Self.tokens(for: email, withRefreshToken: state.rotates, &state))
            default: return (400, "{\"error\":\"unsupported_grant_type\"}")
            }
        }
    }

    private static func tokens(for email: String, withRefreshToken: Bool, _ state: inout State) -> String {
        let access = state.next("access")
        state.accessTokens[access] = email
        var fields = "\"access_token\":\"\(access)\",\"token_type\":\"Bearer\",\"expires_in\":\(state.lifetime)"
        if withRefreshToken {
            let refresh = state.next("refresh")
            state.refreshTokens[refresh] = email
            fields += ",\"refresh_token\":\"\(refresh)\""
        }
        return "{\(fields)}"
    }
}

/// Runs a provider while `body` runs.
///
/// - Parameter certificate: with one, it is reached by https.
@discardableResult
package func withFakeProvider<Result: Sendable>(
    certificate: TestCertificate? = nil,
    _ body: @escaping @Sendable (FakeProvider) async throws -> Result
) async throws -> Result {
    try await withFakeServer(
        tls: certificate.map(serverTLS),
        { FakeProvider(port: $0, scheme: certificate == nil ? "http" : "https") },
        conversing: { provider, client in try await provider.converse(client) },
        body
    )
}

extension FakeProvider {
    /// One request, and its answer; then the connection ends.
    fileprivate func converse(_ client: FakeConversation) async throws {
        var text = ""
        while let part = try await client.nextBytes() {
            text += String(buffer: part)
            guard let end = text.range(of: "\r\n\r\n") else { continue }
            let head = text[..<end.lowerBound]
            let length =
                head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-length:") }
                .flatMap { Int($0.dropFirst(15).trimmingCharacters(in: .whitespaces)) } ?? 0
            let body = text[end.upperBound...]
            guard body.utf8.count >= length else { continue }
            let target = head.split(separator: " ").dropFirst().first.map(String.init) ?? ""
            try await answer(target, String(body), client)
            return
        }
    }

    private func answer(_ target: String, _ body: String, _ client: FakeConversation) async throws {
        let asked = state.withLock { state in
            if target == "/token" { state.requests += 1 }
            return state
        }
        if asked.delay > 0 { try await Task.sleep(for: .milliseconds(asked.delay)) }
        let manner = target == "/token" ? asked.manner : .asItShould
        let head = { (status: Int, length: Int) in
            "HTTP/1.1 \(status) Status\r\nContent-Type: application/json\r\nContent-Length: \(length)\r\n"
                + "Connection: close\r\n\r\n"
        }
        switch manner {
        case .asItShould:
            let fields = body.split(separator: "&").map { pair in
                let halves = pair.split(separator: "=", maxSplits: 1).map { $0.removingPercentEncoding ?? "" }
                return (halves[0], halves.count > 1 ? halves[1] : "")
            }
            let answer = answer(target, Dictionary(fields) { first, _ in first })
            try await client.say(ByteBuffer(string: head(answer.status, answer.body.utf8.count) + answer.body))
        case .status(let status, let body):
            try await client.say(ByteBuffer(string: head(status, body.utf8.count) + body))
        case .noHTTP(let text): try await client.say(ByteBuffer(string: text))
        case .endless:
            try await client.say(ByteBuffer(string: head(200, 1 << 30)))
            let piece = ByteBuffer(string: String(repeating: " ", count: 1 << 16))
            while true { try await client.say(piece) }
        case .drip:
            try await client.say(ByteBuffer(string: head(200, 1000)))
            while true {
                try await client.say(ByteBuffer(string: " "))
                try await Task.sleep(for: .milliseconds(50))
            }
        case .silence: try await Task.sleep(for: .seconds(600))
        }
    }
}
