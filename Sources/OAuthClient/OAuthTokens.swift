import Foundation

/// What a token endpoint gives (RFC 6749, 5.1).
package struct OAuthTokens: Sendable, Equatable {
    package let accessToken: String
    /// Seconds for which the access token is valid.
    package let lifetime: Int
    /// Nil where the one that was sent goes on; a new one takes its place.
    package let refreshToken: String?

    /// Bytes of a token.
    static let longest = 16_384
    /// Where the provider does not say how long: it is recommended, not required (RFC 6749, 5.1).
    static let usualLifetime = 300
    /// Nobody is believed who says longer.
    static let longestLifetime = 86_400

    package init(accessToken: String, lifetime: Int, refreshToken: String?) {
        self.accessToken = accessToken
        self.lifetime = lifetime
        self.refreshToken = refreshToken
    }

    /// Whether a text can be a token: visible characters of ASCII (RFC 6749, Appendix A).
    package static func isToken(_ text: String) -> Bool {
        (1...longest).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    /// Reads the answer of a token endpoint.
    ///
    /// - Throws: `OAuthError`: what is not in the form of an error of RFC 6749, 5.2, comes from something else on the
    ///   way and says nothing of the grant.
    package init(status: Int, body: [UInt8]) throws(OAuthError) {
        guard status == 200 else { throw Self.refusal(status, body) }
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(body)),
            let accessToken = answer.access_token, Self.isToken(accessToken),
            answer.refresh_token.map(Self.isToken) ?? true,
            (answer.token_type ?? "bearer").lowercased() == "bearer"
        else { throw OAuthError(.invalidAnswer, "the token endpoint answered 200 without a bearer token") }
        self.accessToken = accessToken
        refreshToken = answer.refresh_token
        lifetime = min(max(answer.expires_in?.seconds ?? Self.usualLifetime, 0), Self.longestLifetime)
    }

    private static func refusal(_ status: Int, _ body: [UInt8]) -> OAuthError {
        let refusal = try? JSONDecoder().decode(Refusal.self, from: Data(body))
        guard (400...403).contains(status), let error = refusal?.error ?? refusal?.code else {
            return OAuthError(.unavailable, "the token endpoint answered \(status)")
        }
        switch error {
        case "invalid_grant", "interaction_required", "login_required", "consent_required":
            return OAuthError(.grantRefused, "the token endpoint answered \(error)")
        case "server_error", "temporarily_unavailable", "slow_down":
            return OAuthError(.unavailable, "the token endpoint answered \(error)")
        default:
            // Only a name is told on, and no words that could hold anything.
            let isName = error.utf8.count <= 40 && error.utf8.allSatisfy { $0 == 0x5F || (0x61...0x7A).contains($0) }
            return OAuthError(.clientRefused, "the token endpoint answered \(isName ? error : "an unknown error")")
        }
    }

    private struct Answer: Decodable {
        let access_token: String?
        let token_type: String?
        let expires_in: Lifetime?
        let refresh_token: String?
    }

    private struct Refusal: Decodable {
        let error: String?
        /// What it is called in the API of a CRM.
        let code: String?
    }

    /// A number, which some providers write as text.
    private struct Lifetime: Decodable {
        let seconds: Int?

        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            if let number = try? value.decode(Double.self) {
                seconds = Int(exactly: number.rounded(.down))
            } else {
                seconds = try Int(value.decode(String.self))
            }
        }
    }
}

extension OAuthTokens: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "OAuthTokens(redacted)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
