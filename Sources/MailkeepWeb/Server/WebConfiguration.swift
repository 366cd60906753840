import Foundation
import MailkeepApp
import NIOCore
import NIOSSL

/// Where and how the pages are served.
package struct WebConfiguration: Sendable {
    package var host: String
    package var port: Int
    /// PEM files of the certificate chain and its key.
    package var certificate: String?
    package var key: String?
    /// The address under which browsers reach the pages: `https://mail.example.com`.
    package var publicURL: String?
    /// Networks of reverse proxies whose word on a client's address counts.
    package var trustedProxies: [String]
    /// Requests of one client of the API within a minute.
    package var apiRateLimit: Int
    /// What opens the metrics to other machines; nil keeps them to this one.
    package var metricsToken: String?

    package init(
        host: String = "127.0.0.1",
        port: Int = 8080,
        certificate: String? = nil,
        key: String? = nil,
        publicURL: String? = nil,
        trustedProxies: [String] = [],
        apiRateLimit: Int = 6000,
        metricsToken: String? = nil
    ) {
        self.host = host
        self.port = port
        self.certificate = certificate
        self.key = key
        self.publicURL = publicURL
        self.trustedProxies = trustedProxies
        self.apiRateLimit = max(1, apiRateLimit)
        self.metricsToken = metricsToken
    }

    /// Whether browsers come over TLS, to us or to a proxy before us.
    var isSecure: Bool { certificate != nil || publicURL?.lowercased().hasPrefix("https://") == true }

    /// Where people find the pages.
    package var address: String {
        if let publicURL, let url = URL(string: publicURL), let scheme = url.scheme?.lowercased(), let host = url.host()
        {
            // As browsers write it in Origin.
            let usual = scheme == "https" ? 443 : 80
            let port = url.port.flatMap { $0 == usual ? nil : ":\($0)" } ?? ""
            return "\(scheme)://\(host.lowercased())\(port)"
        }
        // All addresses of this machine are no address to go to.
        let reached = ["0.0.0.0", "::"].contains(host) ? ProcessInfo.processInfo.hostName : host
        let shown = reached.contains(":") ? "[\(reached)]" : reached
        return "\(certificate == nil ? "http" : "https")://\(shown):\(port)"
    }

    /// Refuses what would send passwords over a network in clear, and what is incomplete (design decision 22).
    ///
    /// - Throws: `WebError`.
    package func check() throws {
        guard (1...65_535).contains(port) else { throw WebError(.badPort) }
        guard (certificate == nil) == (key == nil) else { throw WebError(.certificateIncomplete) }
        if let publicURL {
            let url = URL(string: publicURL)
            guard let scheme = url?.scheme, ["http", "https"].contains(scheme.lowercased()), url?.host() != nil,
                ["", "/"].contains(url?.path() ?? ""), url?.query() == nil, url?.fragment() == nil, url?.user() == nil
            else { throw WebError(.badPublicURL, publicURL) }
        }
        if let bad = trustedProxies.first(where: { TrustedProxies.network($0) == nil }) {
            throw WebError(.badProxy, bad)
        }
        if let metricsToken, metricsToken.count < Self.shortestToken { throw WebError(.shortToken) }
        let behindProxy = publicURL?.lowercased().hasPrefix("https://") == true && !trustedProxies.isEmpty
        guard Self.isLoopback(host) || certificate != nil || behindProxy else { throw WebError(.notSecure, host) }
    }

    /// Characters of a token that nobody guesses.
    private static let shortestToken = 16

    static func isLoopback(_ host: String) -> Bool {
        host == "localhost" || host == "::1" || (host.hasPrefix("127.") && TrustedProxies.network(host) != nil)
    }

    /// When the certificate ends, in seconds since 1970; nil without one.
    var certificateEnd: Double? {
        certificate.flatMap { try? NIOSSLCertificate.fromPEMFile($0).first }.map { Double($0.notValidAfter) }
    }

    /// What TLS is spoken with; nil without.
    ///
    /// - Throws: `WebError` (`badCertificate`).
    func tls() throws -> TLSConfiguration? {
        guard let certificate, let key else { return nil }
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(certificate).map { NIOSSLCertificateSource.certificate($0) }
            let privateKey = try NIOSSLPrivateKey(file: key, format: .pem)
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain,
                privateKey: .privateKey(privateKey)
            )
            configuration.minimumTLSVersion = .tlsv12
            return configuration
        } catch {
            throw WebError(.badCertificate, certificate)
        }
    }
}

/// Why pages cannot be served as asked.
package struct WebError: Error, Sendable, Equatable {
    package enum Code: String, Sendable, CaseIterable {
        case badPort = "bad_port"
        case certificateIncomplete = "certificate_incomplete"
        case badCertificate = "bad_certificate"
        case badPublicURL = "bad_public_url"
        case badProxy = "bad_proxy"
        case notSecure = "not_secure"
        case shortToken = "short_token"
        case addressInUse = "address_in_use"
    }

    package let code: Code
    /// The value that it is about.
    package let value: String

    package init(_ code: Code, _ value: String = "-") {
        self.code = code
        self.value = value
    }
}
