import MailkeepApp

/// Finds out who a client is behind reverse proxies that are trusted.
struct TrustedProxies: Sendable {
    private let networks: [AddressBlock]

    init(_ networks: [String]) {
        self.networks = networks.compactMap(Self.network)
    }

    static func network(_ text: String) -> AddressBlock? { AddressBlock(text) }

    /// The client's address: the peer's, or, where the peer is trusted, the last in `X-Forwarded-For` that is not.
    ///
    /// What stands before it in the field anybody can have written.
    func client(peer: String, forwardedFor: String?) -> String {
        guard isTrusted(peer), let forwardedFor else { return peer }
        var client = peer
        for hop in forwardedFor.split(separator: ",").reversed() {
            let address = hop.trimmingPrefix { $0 == " " }.prefix { $0 != " " }
            guard !address.contains("/"), AddressBlock(String(address)) != nil else { return client }
            client = String(address)
            if !isTrusted(client) { return client }
        }
        return client
    }

    private func isTrusted(_ address: String) -> Bool {
        networks.contains { $0.contains(address) }
    }
}
