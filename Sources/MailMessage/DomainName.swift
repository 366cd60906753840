import CIDN2

/// Domains of mail addresses.
package enum DomainName {
    /// The longest domain in octets (RFC 1035 section 2.3.4).
    private static let maximumLength = 253
    private static let maximumLabelLength = 63

    /// The form of a domain under which it is compared.
    ///
    /// Lower case, without a trailing dot, international labels as A-labels (UTS #46, non-transitional). Underscores
    /// are let through, as they occur in mail. Nil when the text is not a domain; an address literal is none.
    package static func normalized(_ domain: String) -> String? {
        var domain = domain
        if let normalized = domain.withUTF8({ normalizedASCII($0) }) { return normalized }
        guard domain.utf8.count <= 4 * maximumLength, !domain.utf8.contains(0),
            !domain.utf8.allSatisfy({ $0 < 0x80 })
        else { return nil }
        var result: UnsafeMutablePointer<CChar>?
        let status = mailkeep_idn2_to_ascii(domain, &result)
        guard let result else { return nil }
        defer { idn2_free(result) }
        guard status == IDN2_OK.rawValue else { return nil }
        var ascii = String(cString: result)
        return ascii.withUTF8 { normalizedASCII($0) }
    }

    /// The same for a domain that is ASCII; nil when it is not, or not a domain.
    static func normalizedASCII(_ domain: some RandomAccessCollection<UInt8>) -> String? {
        var domain = domain[...]
        if domain.last == UInt8(ascii: ".") { domain = domain.dropLast() }
        guard !domain.isEmpty, domain.count <= maximumLength else { return nil }
        var labelLength = 0
        var labelIsNumber = true
        for byte in domain {
            switch byte {
            case UInt8(ascii: "."):
                guard labelLength > 0 else { return nil }
                labelLength = 0
                labelIsNumber = true
                continue
            case UInt8(ascii: "0")...UInt8(ascii: "9"): break
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "-"), UInt8(ascii: "_"):
                labelIsNumber = false
            default: return nil
            }
            labelLength += 1
            guard labelLength <= maximumLabelLength else { return nil }
        }
        // A last label of digits makes it an IPv4 address.
        guard labelLength > 0, !labelIsNumber else { return nil }
        return String(decoding: domain.lazy.map(\.lowercased), as: UTF8.self)
    }
}
