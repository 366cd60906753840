/// A mailbox name as the server writes it, kept byte for byte so that it can be asked for again.
///
/// Names are in modified UTF-7 (RFC 3501, 5.1.3) or, with `UTF8=ACCEPT` and IMAP4rev2, in UTF-8; real servers also
/// send what is neither.
package struct IMAPMailboxName: Sendable, Hashable {
    /// The name on the wire, without quotes.
    package let bytes: [UInt8]

    package init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The name in letters, encoded in modified UTF-7.
    package init(displayName: String) {
        self.bytes = ModifiedUTF7.encode(displayName)
    }

    /// The name for people: decoded where it can be, otherwise as it stands.
    package var displayName: String {
        if bytes.allSatisfy({ $0 < 0x80 }), let decoded = ModifiedUTF7.decode(bytes) { return decoded }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Whether this is the one mailbox that every user has, in any case (RFC 9051, 5.1).
    package var isInbox: Bool {
        String(decoding: bytes, as: UTF8.self).uppercased() == "INBOX"
    }
}

extension IMAPMailboxName: RawRepresentable {
    /// A text that holds the name without loss, to be stored.
    ///
    /// It is the name itself where that is valid UTF-8, and U+FFFD with the bytes in hexadecimal otherwise.
    package var rawValue: String {
        if let text = String(validating: bytes, as: UTF8.self), text.unicodeScalars.first != "\u{FFFD}" { return text }
        return "\u{FFFD}" + bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    package init(rawValue: String) {
        let scalars = rawValue.unicodeScalars
        let digits = scalars.dropFirst().map(Character.init)
        guard scalars.first == "\u{FFFD}", digits.count.isMultiple(of: 2), digits.allSatisfy(\.isHexDigit) else {
            self.init(bytes: Array(rawValue.utf8))
            return
        }
        self.init(
            bytes: stride(from: 0, to: digits.count, by: 2).map { index in
                UInt8((digits[index].hexDigitValue ?? 0) << 4 | (digits[index + 1].hexDigitValue ?? 0))
            }
        )
    }
}
