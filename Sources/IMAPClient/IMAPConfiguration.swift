package import IMAPCore
package import MailConnection
package import NIOCore

/// Where a mail server is and how far it is trusted.
package struct IMAPConfiguration: Sendable {
    package typealias Security = MailEndpoint.Security
    package typealias Trust = MailEndpoint.Trust

    /// A name or an address in any notation.
    package var host: String
    package var port: Int
    package var security: Security
    package var trust: Trust
    /// Asked for each resolved address right before it is connected to; IPv4 addresses mapped into IPv6 arrive as IPv4.
    package var isAddressAllowed: @Sendable (SocketAddress) -> Bool
    /// How long resolving the name and connecting to one address may each take.
    package var connectTimeout: TimeAmount
    /// How long an answer may go without a byte.
    package var responseTimeout: TimeAmount
    /// How long one command may keep its reader waiting in all, whatever the server sends meanwhile.
    package var commandTimeout: TimeAmount
    /// Bytes of mail per second for which a command may take longer than that.
    package var minimumRate: Int
    package var limits: IMAPLimits

    package init(
        host: String,
        port: Int,
        security: Security = .tls,
        trust: Trust = .system,
        connectTimeout: TimeAmount = .seconds(20),
        responseTimeout: TimeAmount = .seconds(60),
        commandTimeout: TimeAmount = .minutes(10),
        minimumRate: Int = 4096,
        limits: IMAPLimits = IMAPLimits(),
        isAddressAllowed: @escaping @Sendable (SocketAddress) -> Bool
    ) {
        self.host = host
        self.port = port
        self.security = security
        self.trust = trust
        self.isAddressAllowed = isAddressAllowed
        self.connectTimeout = connectTimeout
        self.responseTimeout = responseTimeout
        self.commandTimeout = commandTimeout
        self.minimumRate = minimumRate
        self.limits = limits
    }

    var endpoint: MailEndpoint {
        MailEndpoint(
            host: host,
            port: port,
            security: security,
            trust: trust,
            connectTimeout: connectTimeout,
            responseTimeout: responseTimeout,
            commandTimeout: commandTimeout,
            minimumRate: minimumRate,
            isAddressAllowed: isAddressAllowed
        )
    }
}
