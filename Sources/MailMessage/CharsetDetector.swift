/// Tells Shift_JIS, EUC-JP and Windows-1252 apart, for text that names no charset or a false one.
enum CharsetDetector {
    /// How much of a text is looked at.
    private static let sampleSize = 65_536

    /// The most likely charset of bytes that are neither ASCII, UTF-8 nor ISO-2022-JP.
    static func detect(_ bytes: [UInt8]) -> Charset {
        let sample = bytes.prefix(sampleSize)
        let scores = [
            (Charset.shiftJIS, shiftJISScore(sample)), (.eucJP, eucJPScore(sample)), (.latin, latinScore(sample)),
        ]
        // On a tie the first, so the Japanese one, wins.
        var best = (charset: Charset.latin, score: Int.min)
        for case (let charset, let score?) in scores where score > best.score { best = (charset, score) }
        return best.charset
    }

    /// How much bytes look like Shift_JIS; nil when they cannot be.
    private static func shiftJISScore(_ bytes: ArraySlice<UInt8>) -> Int? {
        var score = 0
        var index = bytes.startIndex
        var previousWasKatakana = false
        while index < bytes.endIndex {
            let byte = bytes[index]
            index += 1
            switch byte {
            case ..<0x80: previousWasKatakana = false
            case 0xA1...0xDF:
                score += previousWasKatakana ? 1 : -1
                previousWasKatakana = true
            case 0x81...0x9F, 0xE0...0xFC:
                previousWasKatakana = false
                guard index < bytes.endIndex else { return score }
                let trail = bytes[index]
                guard (0x40...0x7E).contains(trail) || (0x80...0xFC).contains(trail) else { return nil }
                index += 1
                switch (byte, trail) {
                case (0x82, 0x9F...0xF1), (0x83, 0x40...0x96): score += 6
                case (0x81, _): score += 3
                case (0x88...0x97, _): score += 4
                case (0x87, _): score += 2
                case (0xF0...0xF9, _): score -= 10
                // Accented letters before ASCII letters look like rare kanji.
                case (0xE0..., ..<0x80): score -= 2
                default: score += 1
                }
            default: return nil
            }
        }
        return score
    }

    /// How much bytes look like EUC-JP; nil when they cannot be.
    private static func eucJPScore(_ bytes: ArraySlice<UInt8>) -> Int? {
        var score = 0
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let byte = bytes[index]
            index += 1
            guard byte >= 0x80 else { continue }
            guard index < bytes.endIndex else { return score }
            let trail = bytes[index]
            guard byte == 0x8E || byte == 0x8F || byte >= 0xA1, (0xA1...0xFE).contains(trail), byte != 0xFF else {
                return nil
            }
            index += 1
            switch byte {
            case 0x8E:
                guard trail <= 0xDF else { return nil }
            case 0x8F:
                guard index < bytes.endIndex else { return score }
                guard (0xA1...0xFE).contains(bytes[index]) else { return nil }
                index += 1
            case 0xA4, 0xA5: score += trail <= 0xF6 ? 6 : -2
            case 0xA1: score += 3
            case 0xB0...0xCF: score += 4
            case 0xAD: score += 2
            case 0xD0...0xF4: score += 1
            default: score -= 2
            }
        }
        return score
    }

    /// How much bytes look like a western European text in Windows-1252.
    private static func latinScore(_ bytes: ArraySlice<UInt8>) -> Int {
        var score = 0
        for index in bytes.indices where bytes[index] >= 0x80 {
            let byte = bytes[index]
            let before = index > bytes.startIndex ? bytes[index - 1] : ASCII.space
            let after = index + 1 < bytes.endIndex ? bytes[index + 1] : ASCII.space
            if before >= 0x80 || after >= 0x80 {
                score -= 3
            } else if byte >= 0xC0 {
                score += before.isLetter || after.isLetter ? 3 : 1
            } else if byte >= 0xA0 {
                score += 1
            } else {
                score += (0x91...0x97).contains(byte) ? 1 : -2
            }
        }
        return score
    }
}
