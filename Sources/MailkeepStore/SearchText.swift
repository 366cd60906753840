import GRDB

/// The form in which names and addresses are searched: small letters of half width, and kana of full width.
///
/// Japanese names and addresses are typed in either width.
enum SearchText {
    /// The SQL function `folded(text)`.
    static let function = DatabaseFunction("folded", argumentCount: 1, pure: true) { values in
        String.fromDatabaseValue(values[0]).map(folded)
    }

    /// What is searched for; nil where nothing is.
    static func term(_ search: String) -> String? {
        let words = folded(search).split(whereSeparator: \.isWhitespace)
        guard let first = words.first, let last = words.last else { return nil }
        return String(String(first.base[first.startIndex..<last.endIndex]).prefix(200))
    }

    /// The condition that `:search`, a term, is part of a text.
    ///
    /// SQLite does what it can by itself, which is all where the text is ASCII.
    static func isPart(of text: String) -> String {
        """
        (instr(lower(\(text)), :search)
         OR (length(CAST(\(text) AS BLOB)) > length(\(text)) AND instr(folded(\(text)), :search)))
        """
    }

    static func folded(_ text: String) -> String {
        guard !text.utf8.allSatisfy({ $0 < 0x80 }) else { return text.lowercased() }
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x41...0x5A: result.append(Unicode.Scalar(UInt8(scalar.value) | 0x20))
            case 0..<0x80, 0x3001...0x3098, 0x309B...0xFF00: result.append(scalar)
            case 0x3000: result.append(" ")
            case 0xFF01...0xFF5E: appendSmall(Unicode.Scalar(scalar.value - 0xFEE0) ?? scalar, to: &result)
            case 0xFF9E, 0x3099: appendMark(1, orElse: scalar, to: &result)
            case 0xFF9F, 0x309A: appendMark(2, orElse: scalar, to: &result)
            case 0xFF61...0xFF9D: result.append(halfWidthKana[Int(scalar.value - 0xFF61)])
            case 0..<0x2E80: appendSmall(scalar, to: &result)
            default: result.append(scalar)
            }
        }
        return String(result)
    }

    private static func appendSmall(_ scalar: Unicode.Scalar, to result: inout String.UnicodeScalarView) {
        result.append(contentsOf: scalar.properties.lowercaseMapping.unicodeScalars)
    }

    /// Puts a voicing mark onto the kana before it, which stands in Unicode right behind the kana without it.
    private static func appendMark(
        _ step: UInt32,
        orElse mark: Unicode.Scalar,
        to result: inout String.UnicodeScalarView
    ) {
        guard let last = result.last, let voiced = voiced(last, step) else {
            result.append(mark)
            return
        }
        result.removeLast()
        result.append(voiced)
    }

    private static func voiced(_ kana: Unicode.Scalar, _ step: UInt32) -> Unicode.Scalar? {
        if kana == "ウ", step == 1 { return "ヴ" }
        // Hiragana stand 0x60 before katakana.
        let isHiragana = (0x3041...0x3096).contains(kana.value)
        guard let katakana = Unicode.Scalar(kana.value &+ (isHiragana ? 0x60 : 0)),
            (step == 1 ? takesVoicing : takesHalfVoicing).contains(katakana)
        else { return nil }
        return Unicode.Scalar(kana.value + step)
    }

    private static let halfWidthKana = Array(
        "。「」、・ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン".unicodeScalars
    )
    private static let takesHalfVoicing = Set("ハヒフヘホ".unicodeScalars)
    private static let takesVoicing = Set("カキクケコサシスセソタチツテトハヒフヘホ".unicodeScalars)
}
