package import NIOCore

/// Where a mail server is, how far it is trusted, and how long it is waited for.
package struct MailEndpoint: Sendable {
    package enum Security: Sendable, Equatable {
        /// TLS from the first byte (RFC 8314, 3.2).
        case tls
        /// Plain text up to `STARTTLS` (RFC 9051, 6.2.1) or `STLS` (RFC 2595, 4); never onwards without it.
        case startTLS
        /// No TLS at all.
        case none
    }

    package enum Trust: Sendable, Equatable {
        /// The certificate authorities of this machine.
        case system
        /// These certificates in PEM only: an authority's, or the server's own if it is self-signed.
        case certificates(pem: String)
    }

    /// A name or an address in any notation.
    package var host: String
    package var port: Int
    package var security: Security
    package var trust: Trust
    /// How long resolving the name and connecting to one address may each take.
    package var connectTimeout: TimeAmount
    /// How long an answer may go without a byte.
    package var responseTimeout: TimeAmount
    /// How long one command may keep its reader waiting in all, whatever the server sends meanwhile.
    package var commandTimeout: TimeAmount
    /// Bytes of mail per second for which a command may take longer than that.
    package var minimumRate: Int
    /// Asked for each resolved address right before it is connected to; IPv4 addresses mapped into IPv6 arrive as IPv4.
    package var isAddressAllowed: @Sendable (SocketAddress) -> Bool

    package init(
        host: String,
        port: Int,
        security: Security = .tls,
        trust: Trust = .system,
        connectTimeout: TimeAmount = .seconds(20),
        responseTimeout: TimeAmount = .seconds(60),
        commandTimeout: TimeAmount = .minutes(10),
        minimumRate: Int = 4096,
        isAddressAllowed: @escaping @Sendable (SocketAddress) -> Bool
    ) {
        self.host = host
        self.port = port
        self.security = security
        self.trust = trust
        self.connectTimeout = connectTimeout
        self.responseTimeout = responseTimeout
        self.commandTimeout = commandTimeout
        self.minimumRate = minimumRate
        self.isAddressAllowed = isAddressAllowed
    }

    /// The host's addresses in the order to try them.
    ///
    /// - Throws: ``ConnectionError`` (`invalidArgument`, `nameNotResolved`, `timeout`), `CancellationError`.
    package nonisolated(nonsending) func addresses() async throws -> [SocketAddress] {
        try await AddressResolver.addresses(host: host, port: port, timeout: connectTimeout)
    }

    /// What TLS is spoken with; nil without.
    ///
    /// - Throws: ``ConnectionError`` of code `invalidArgument` where the trusted certificates cannot be read.
    package nonisolated(nonsending) func tls() async throws -> ClientTLS? {
        security == .none ? nil : try await ClientTLS(host: host, trust: trust)
    }
}
