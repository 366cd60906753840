/// A mail address in the form under which addresses are compared.
///
/// Lower-cased local part in Unicode normalisation form C without its quoting, and a domain of A-labels. Carriers'
/// addresses that break RFC 5322 (`a..b@`, `a.@`, `-a-@`) are addresses like others.
package struct NormalizedAddress: Sendable, Hashable {
    /// Counts the changes of this form: keyed hashes of addresses say which one they were made from.
    package static let version = 1

    /// The longest local part in UTF-8 bytes; far above RFC 5321's 64.
    private static let maximumLocalLength = 512

    /// What stands before the `@`, never empty, without quotes or backslashes of quoting.
    package let localPart: String
    /// What stands after it, as `DomainName.normalized` gives it.
    package let domain: String

    /// Reads `local@domain` or `"quoted local"@domain`, with white space around allowed; nil for anything else.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        let trimmed = bytes.trimmed
        guard let at = trimmed.lastIndex(of: UInt8(ascii: "@")) else { return nil }
        let local = trimmed[..<at]
        let domain = trimmed[(at + 1)...]
        if local.count >= 2, local.first == ASCII.quote, local.last == ASCII.quote {
            guard let unquoted = Self.unquoted(local.dropFirst().dropLast()) else { return nil }
            self.init(local: unquoted[...], isQuoted: true, domain: domain)
        } else {
            self.init(local: local, isQuoted: false, domain: domain)
        }
    }

    /// Makes an address of its parsed parts in UTF-8; nil when it cannot be one.
    init?(local: ArraySlice<UInt8>, isQuoted: Bool, domain: ArraySlice<UInt8>) {
        guard !local.isEmpty, local.count <= Self.maximumLocalLength, domain.count <= Self.maximumLocalLength,
            local.allSatisfy({ isQuoted ? !$0.isControl : !$0.isControl && !Self.needsQuoting($0) })
        else { return nil }
        guard let normalized = DomainName.normalizedASCII(domain) ?? DomainName.normalized(domain.utf8Text)
        else { return nil }
        self.domain = normalized
        if local.allSatisfy({ $0 < 0x80 }) {
            localPart = String(decoding: local.lazy.map(\.lowercased), as: UTF8.self)
        } else {
            // Lower-casing can leave a form that is not normalised, and the reverse does not happen.
            localPart = UnicodeNormalization.composed(local.utf8Text.lowercased())
        }
        guard !localPart.unicodeScalars.contains(where: { $0.value >= 0x80 && $0.properties.isWhitespace }),
            !localPart.unicodeScalars.contains("\u{FFFD}")
        else { return nil }
    }

    private init(localPart: String, domain: String) {
        self.localPart = localPart
        self.domain = domain
    }

    /// The address without its `+tag`; nil when it has none.
    package var withoutTag: NormalizedAddress? {
        guard let plus = localPart.firstIndex(of: "+"), plus > localPart.startIndex else { return nil }
        return NormalizedAddress(localPart: String(localPart[..<plus]), domain: domain)
    }

    /// Whether a byte of a local part can only stand there within quotes.
    static func needsQuoting(_ byte: UInt8) -> Bool {
        switch byte {
        case ASCII.space, ASCII.quote, ASCII.backslash, UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: ","),
            UInt8(ascii: ":"), UInt8(ascii: ";"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "@"),
            UInt8(ascii: "["), UInt8(ascii: "]"):
            true
        default: byte.isControl
        }
    }

    /// The local part, in quotes if it needs them.
    static func quotedIfNeeded(_ local: String) -> String {
        guard local.isEmpty || local.utf8.contains(where: needsQuoting) else { return local }
        var quoted = "\""
        for scalar in local.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { quoted.unicodeScalars.append("\\") }
            quoted.unicodeScalars.append(scalar)
        }
        return quoted + "\""
    }

    /// The content of a quoted string without its backslashes; nil when a quote stands in it bare.
    private static func unquoted(_ content: ArraySlice<UInt8>) -> [UInt8]? {
        var result: [UInt8] = []
        var isEscaped = false
        for byte in content {
            if !isEscaped, byte == ASCII.backslash {
                isEscaped = true
                continue
            }
            if !isEscaped, byte == ASCII.quote { return nil }
            result.append(byte)
            isEscaped = false
        }
        return isEscaped ? nil : result
    }
}

extension NormalizedAddress: CustomStringConvertible {
    /// The address as `local@domain`, the local part in quotes if it needs them.
    package var description: String { Self.quotedIfNeeded(localPart) + "@" + domain }
}
