package import Foundation
import MailConnection
package import NIOCore

/// Where a webhook is told of events: by https, or within this machine by http too.
package struct WebhookAddress: Sendable {
    private static let longest = 2000

    package let url: URL
    /// In lower case; of IPv6 without brackets.
    package let host: String
    package let port: Int
    package let isSecure: Bool

    /// Reads an address; nil where it is none that events can be sent to.
    package init?(_ text: String) {
        guard text.utf8.count <= Self.longest, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }),
            var parts = URLComponents(string: text), let scheme = parts.scheme?.lowercased(),
            ["https", "http"].contains(scheme), var host = parts.host?.lowercased(), parts.user == nil,
            parts.password == nil, parts.fragment == nil
        else { return nil }
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        guard !host.isEmpty,
            host.utf8.allSatisfy({ byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (0x30...0x39).contains(byte)
                    || [UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: ":"), UInt8(ascii: "_")].contains(byte)
            })
        else { return nil }
        parts.scheme = scheme
        parts.host = host.contains(":") ? "[\(host)]" : host
        isSecure = scheme == "https"
        port = parts.port ?? (isSecure ? 443 : 80)
        guard (1...65_535).contains(port), let url = parts.url else { return nil }
        self.url = url
        self.host = host
    }

    /// The receiver's addresses that may be connected to, in the order to try them.
    ///
    /// - Parameter isAllowed: whether a receiver may have an address.
    /// - Throws: `DeliveryError` (`name`, `timeout`, `network`), `CancellationError`.
    package func addresses(_ isAllowed: @escaping @Sendable (SocketAddress) -> Bool) async throws -> [SocketAddress] {
        let found: [SocketAddress]
        do {
            let endpoint = MailEndpoint(host: host, port: port, connectTimeout: .seconds(10)) { isAllowed($0) }
            found = try await endpoint.addresses()
        } catch let error as ConnectionError {
            throw DeliveryError(error.code == .timeout ? .timeout : .name)
        }
        let allowed = found.filter { isAllowed($0) && (isSecure || $0.isLoopback) }
        guard !allowed.isEmpty else { throw DeliveryError(.network) }
        return allowed
    }
}

extension SocketAddress {
    /// Whether it is this machine itself, so that nobody listens on the way.
    fileprivate var isLoopback: Bool {
        switch self {
        case .v4: ipAddress?.hasPrefix("127.") == true
        case .v6: ipAddress == "::1"
        case .unixDomainSocket: false
        }
    }
}
