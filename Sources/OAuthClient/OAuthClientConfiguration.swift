package import Foundation

/// An OAuth 2.0 client that is registered with a provider, and where that is (RFC 6749, 2 and 3).
package struct OAuthClientConfiguration: Sendable {
    package var clientID: String
    /// Nil of a public client, which proves itself by PKCE alone.
    package var clientSecret: String?
    package var authorizationEndpoint: URL
    package var tokenEndpoint: URL
    /// What is asked for, separated by spaces (RFC 6749, 3.3).
    package var scope: String
    /// What the provider wants to be asked beyond the standard.
    package var authorizationParameters: [String: String]
    /// Certificates in PEM that are trusted for the token endpoint in place of the system's.
    package var certificates: String?

    package init(
        clientID: String,
        clientSecret: String?,
        authorizationEndpoint: URL,
        tokenEndpoint: URL,
        scope: String,
        authorizationParameters: [String: String] = [:],
        certificates: String? = nil
    ) {
        self.clientID = clientID
        self.clientSecret = clientSecret
        self.authorizationEndpoint = authorizationEndpoint
        self.tokenEndpoint = tokenEndpoint
        self.scope = scope
        self.authorizationParameters = authorizationParameters
        self.certificates = certificates
    }

    /// Whether secrets may be sent to an endpoint: by TLS, or to this machine (RFC 6749, 3.1 and 3.2).
    package static func isUsable(_ endpoint: URL) -> Bool {
        guard let host = endpoint.host(), !host.isEmpty, endpoint.user() == nil, endpoint.fragment() == nil else {
            return false
        }
        switch endpoint.scheme?.lowercased() {
        case "https": return true
        case "http": return ["127.0.0.1", "localhost", "[::1]", "::1"].contains(host.lowercased())
        default: return false
        }
    }

    /// Where a person's browser is sent so that they sign in there (RFC 6749, 4.1.1; RFC 7636, 4.3).
    ///
    /// - Parameters:
    ///   - state: comes back with the answer.
    ///   - loginHint: the address with which the person is to sign in.
    package func authorizationAddress(
        redirectURI: String,
        state: String,
        verifier: OAuthVerifier,
        loginHint: String
    ) -> String {
        var parameters = authorizationParameters
        parameters["response_type"] = "code"
        parameters["client_id"] = clientID
        parameters["redirect_uri"] = redirectURI
        parameters["scope"] = scope
        parameters["state"] = state
        parameters["code_challenge"] = verifier.challenge
        parameters["code_challenge_method"] = "S256"
        parameters["login_hint"] = loginHint
        let address = authorizationEndpoint.absoluteString
        return address + (address.contains("?") ? "&" : "?") + FormEncoding.encode(parameters)
    }
}

extension OAuthClientConfiguration: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "OAuthClientConfiguration(redacted)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
