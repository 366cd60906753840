import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOSSL

/// Asks a provider's token endpoint (RFC 6749, 3.2).
///
/// Nothing is followed or unpacked, waits and answers are bounded, and certificates are verified.
package struct OAuthTokenClient: Sendable {
    /// Bytes of an answer.
    private static let longestAnswer = 65_536

    private let configuration: OAuthClientConfiguration
    private let limit: Duration

    /// - Parameter limit: how long a request may take in all.
    package init(_ configuration: OAuthClientConfiguration, limit: Duration = .seconds(30)) {
        self.configuration = configuration
        self.limit = limit
    }

    /// Redeems the code that came back from the authorization endpoint (RFC 6749, 4.1.3; RFC 7636, 4.5).
    ///
    /// - Throws: `OAuthError`, `CancellationError`.
    package func redeem(code: String, redirectURI: String, verifier: OAuthVerifier) async throws -> OAuthTokens {
        try await ask([
            "grant_type": "authorization_code", "code": code, "redirect_uri": redirectURI,
            "code_verifier": verifier.text,
        ])
    }

    /// Asks for a new access token (RFC 6749, 6).
    ///
    /// - Throws: `OAuthError`, `CancellationError`.
    package func refresh(_ refreshToken: String) async throws -> OAuthTokens {
        try await ask(["grant_type": "refresh_token", "refresh_token": refreshToken])
    }

    private func ask(_ fields: [String: String]) async throws -> OAuthTokens {
        guard OAuthClientConfiguration.isUsable(configuration.tokenEndpoint) else {
            throw OAuthError(.clientRefused, "the token endpoint is no https address")
        }
        var fields = fields
        fields["client_id"] = configuration.clientID
        fields["client_secret"] = configuration.clientSecret
        let (status, body) = try await send(FormEncoding.encode(fields))
        return try OAuthTokens(status: status, body: body)
    }

    private func send(_ form: String) async throws -> (status: Int, body: [UInt8]) {
        var request = HTTPClientRequest(url: configuration.tokenEndpoint.absoluteString)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/x-www-form-urlencoded")
        request.headers.add(name: "Accept", value: "application/json")
        request.body = .bytes(ByteBuffer(string: form))
        let asked = request
        do {
            let settings = try clientConfiguration()
            return try await withThrowingTaskGroup(of: (Int, [UInt8])?.self) { group in
                group.addTask {
                    try await HTTPClient.withHTTPClient(configuration: settings) { client in
                        let response = try await client.execute(asked, deadline: .distantFuture)
                        let body = try await response.body.collect(upTo: Self.longestAnswer)
                        return (Int(response.status.code), Array(body.readableBytesView))
                    }
                }
                group.addTask { [limit] in
                    try await Task.sleep(for: limit)
                    return nil
                }
                defer { group.cancelAll() }
                guard let answer = try await group.next() ?? nil else {
                    throw OAuthError(.unavailable, "the token endpoint does not answer in time")
                }
                return answer
            }
        } catch {
            try Task.checkCancellation()
            throw Self.failure(error)
        }
    }

    /// How HTTP is spoken with the provider.
    func clientConfiguration() throws -> HTTPClient.Configuration {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        if let pem = configuration.certificates {
            tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(pem.utf8)))
        }
        var settings = HTTPClient.Configuration(
            tlsConfiguration: tls,
            redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(10), read: .seconds(20)),
            decompression: .disabled
        )
        settings.httpVersion = .http1Only
        return settings
    }

    /// - Parameter server: what is told of where it happened.
    static func failure(_ error: any Error, of server: String = "the token endpoint") -> OAuthError {
        switch error {
        case let error as OAuthError: error
        case is NIOTooManyBytesError:
            OAuthError(.invalidAnswer, "\(server)'s answer is too long", cause: error)
        case NIOSSLError.handshakeFailed(let reason) where "\(reason)".contains("CERTIFICATE_VERIFY_FAILED"):
            OAuthError(.certificateInvalid, "\(server)'s certificate is not trusted", cause: error)
        case NIOSSLError.unableToValidateCertificate:
            OAuthError(.certificateInvalid, "\(server)'s certificate is not trusted", cause: error)
        case let error as NIOSSLExtraError where error == .failedToValidateHostname:
            OAuthError(.certificateInvalid, "\(server)'s certificate is for another host", cause: error)
        default: OAuthError(.unavailable, "\(server) cannot be reached", cause: error)
        }
    }
}
