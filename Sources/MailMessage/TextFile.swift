/// Reads text files whose charset somebody names.
package enum TextFile {
    /// The text of `bytes` in the charset with this label (WHATWG Encoding Standard), without a byte order mark.
    ///
    /// - Returns: nil when the label is unknown, or when any byte has no meaning in that charset: a directory must not
    ///   be filled with replacement characters.
    package static func text(of bytes: [UInt8], charset label: String) -> String? {
        guard let charset = Charset(label: Array(label.utf8)) else { return nil }
        let text: String
        if charset.family == .utf8 {
            guard let valid = String(validating: bytes, as: UTF8.self) else { return nil }
            text = valid
        } else {
            let read =
                charset.family == .iso2022JP
                ? ISO2022JP.read(bytes) : CharsetConverter.read(bytes, as: charset.converter)
            guard let read, read.errors == 0 else { return nil }
            text = read.text
        }
        return text.unicodeScalars.first == "\u{feff}" ? String(text.unicodeScalars.dropFirst()) : text
    }
}
