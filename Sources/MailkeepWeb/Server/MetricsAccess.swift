import HTTPTypes
import MailkeepApp

/// Who may read metrics, which tell about the organization: this machine, or where there is a token who has it.
///
/// A reverse proxy's requests come from this machine, too. They are told by a header that proxies add, and by the name
/// that was asked for, which is not this machine's own; so is a page that has a browser of this machine ask for it.
struct MetricsAccess {
    let token: String?

    private static let proxied = [
        "Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via",
    ].compactMap { HTTPField.Name($0) }

    /// - Parameters:
    ///   - peer: the address at the other end of the connection.
    ///   - authority: the host that was asked for, with its port.
    func allows(peer: String, authority: String?, _ headers: HTTPFields) -> Bool {
        if let token {
            let given = headers[.authorization] ?? ""
            return given.lowercased().hasPrefix("bearer ") && SecretToken.areEqual(String(given.dropFirst(7)), token)
        }
        return WebConfiguration.isLoopback(peer) && WebConfiguration.isLoopback(Self.host(authority ?? ""))
            && Self.proxied.allSatisfy { headers[$0] == nil }
    }

    /// The host without its port.
    private static func host(_ authority: String) -> String {
        if authority.hasPrefix("[") { return String(authority.dropFirst().prefix { $0 != "]" }) }
        return String(authority.prefix { $0 != ":" }).lowercased()
    }
}
