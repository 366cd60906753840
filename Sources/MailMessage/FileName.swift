/// Names of attachments, for people to read: never paths.
enum FileName {
    /// The longest name in characters.
    private static let maximumLength = 255

    /// A name without directories, controls and characters that turn the writing around; nil when nothing is left.
    static func displayName(_ text: String) -> String? {
        let name = text.split(whereSeparator: { $0 == "/" || $0 == "\\" }).last { visible($0) != nil }
        return name.flatMap(visible)
    }

    /// A name made of a text that is no file name, such as a subject.
    static func displayName(title: String, suffix: String) -> String? {
        let flat = String(title.map { $0 == "/" || $0 == "\\" ? "-" : $0 })
        return visible(flat[...]).map { $0 + suffix }
    }

    private static func visible(_ text: Substring) -> String? {
        var cleaned = String.UnicodeScalarView()
        for scalar in text.unicodeScalars.prefix(4 * maximumLength) {
            switch scalar.value {
            case ..<0x20, 0x7F...0x9F, 0x200B, 0x200E, 0x200F, 0x2028...0x202E, 0x2060...0x2069, 0xFEFF: continue
            default: cleaned.append(scalar)
            }
        }
        let name = UnicodeNormalization.composed(String(cleaned))
        guard let first = name.firstIndex(where: { !$0.isWhitespace }),
            let last = name.lastIndex(where: { !$0.isWhitespace })
        else { return nil }
        let trimmed = name[first...last]
        return trimmed.allSatisfy { $0 == "." } ? nil : String(trimmed.prefix(maximumLength))
    }
}
