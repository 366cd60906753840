import MailkeepSync

/// A block of network addresses in CIDR notation, or one address.
package struct AddressBlock: Sendable {
    private let network: Network

    package init?(_ text: String) {
        guard let network = Network(text) else { return nil }
        self.network = network
    }

    /// Whether an address, in its usual notation, is in it.
    package func contains(_ address: String) -> Bool {
        Network.address(address).map(network.contains) ?? false
    }
}
