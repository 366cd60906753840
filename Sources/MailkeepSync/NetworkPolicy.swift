import Glibc

/// Which addresses a mail server may have.
///
/// Anybody may type a host into their settings: this machine, its private networks and a cloud's metadata address are
/// refused unless an administrator allowed that network. The address that is checked is the one connected to.
package struct NetworkPolicy: Sendable, Equatable {
    private let allowed: [Network]

    package init(allowed: [Network] = []) {
        self.allowed = allowed
    }

    /// Whether a server at an address may be connected to: 4 bytes of IPv4, or 16 of IPv6.
    package func allows(_ address: [UInt8]) -> Bool {
        let address = Self.embeddedIPv4(address) ?? address
        return allowed.contains { $0.contains(address) }
            || !Self.reserved.contains { $0.contains(address) }
                && (address.count == 4 || address.count == 16)
    }

    /// IPv4 within IPv6: mapped (::ffff:0:0/96), translated (::ffff:0:0:0/96), compatible (::/96), NAT64 (64:ff9b::/96) and 6to4 (2002::/16).
    private static func embeddedIPv4(_ address: [UInt8]) -> [UInt8]? {
        guard address.count == 16 else { return nil }
        let head = Array(address.prefix(12))
        let zeros = [UInt8](repeating: 0, count: 10)
        let translated = [UInt8](repeating: 0, count: 8) + [0xff, 0xff, 0, 0]
        if head == zeros + [0xff, 0xff] || head == translated
            || head == [0, 0x64, 0xff, 0x9b] + [UInt8](repeating: 0, count: 8)
        {
            return Array(address.suffix(4))
        }
        if head == zeros + [0, 0], address.suffix(4) != [0, 0, 0, 1], address.suffix(4) != [0, 0, 0, 0] {
            return Array(address.suffix(4))
        }
        return address.starts(with: [0x20, 0x02]) ? Array(address[2..<6]) : nil
    }

    /// Special-purpose addresses (RFC 6890 and the registries after it) that are no server on the Internet.
    private static let reserved: [Network] = [
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4",
        "::/127", "64:ff9b:1::/48", "100::/64", "2001::/23", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
        "fd00:ec2::/32",
    ].compactMap(Network.init)
}

/// A block of addresses: `127.0.0.0/8`, `fd00::/8`, or one address.
package struct Network: Sendable, Equatable, CustomStringConvertible {
    package let description: String
    private let bytes: [UInt8]
    private let prefix: Int

    /// Reads CIDR notation; nil where it is none.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let bytes = parts.first.flatMap({ Self.address(String($0)) }) else { return nil }
        var prefix = bytes.count * 8
        if parts.count == 2 {
            guard parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let length = Int(parts[1]),
                (0...prefix).contains(length)
            else { return nil }
            prefix = length
        }
        description = text
        self.bytes = bytes
        self.prefix = prefix
    }

    /// Whether the address is in it: 4 bytes of IPv4, or 16 of IPv6.
    package func contains(_ address: [UInt8]) -> Bool {
        guard address.count == bytes.count else { return false }
        let whole = prefix / 8
        guard address.prefix(whole) == bytes.prefix(whole) else { return false }
        let rest = prefix % 8
        guard rest > 0 else { return true }
        let mask = UInt8.max << UInt8(8 - rest)
        return address[whole] & mask == bytes[whole] & mask
    }

    /// The bytes of an address in its usual notation: 4 of IPv4, 16 of IPv6; nil where it is none.
    package static func address(_ text: String) -> [UInt8]? {
        guard !text.utf8.contains(0) else { return nil }
        for (family, length) in [(AF_INET, 4), (AF_INET6, 16)] {
            let bytes = withUnsafeTemporaryAllocation(byteCount: length, alignment: 4) { buffer in
                inet_pton(family, text, buffer.baseAddress) == 1 ? Array(buffer) : nil
            }
            if let bytes { return bytes }
        }
        return nil
    }
}
