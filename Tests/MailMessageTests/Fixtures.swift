import MailMessage

/// Bytes of a text, and of hexadecimal digits between `‹` and `›`.
func bytes(_ text: String) -> [UInt8] {
    var result: [UInt8] = []
    var pending: UInt8?
    var isHexadecimal = false
    for character in text {
        switch character {
        case "‹": isHexadecimal = true
        case "›": isHexadecimal = false
        default:
            guard isHexadecimal, let digit = character.hexDigitValue.map(UInt8.init) else {
                result += String(character).utf8
                continue
            }
            if let high = pending {
                result.append(high << 4 | digit)
                pending = nil
            } else {
                pending = digit
            }
        }
    }
    return result
}

/// A message of these header fields and this body, in the notation of `bytes`, with CRLF as line ends.
func message(_ fields: String, body: String = "Hello\n") -> Message {
    Message(parsing: bytes((fields + "\n\n" + body).crossingLines))
}

/// The header of these fields, in the notation of `bytes`.
func header(_ fields: String) -> MessageHeader {
    MessageHeader(parsing: bytes((fields + "\n\n").crossingLines))
}

/// Addresses of one From field.
func addresses(_ value: String) -> [String] {
    header("From: \(value)").from.map(\.address)
}

extension String {
    /// The text with CRLF for each LF.
    var crossingLines: String {
        split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n")
    }
}
