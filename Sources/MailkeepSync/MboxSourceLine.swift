import Glibc

/// The line before every mail of an mbox: `From address date` (RFC 4155, appendix A), as programs really write it.
enum MboxSourceLine {
    private static let weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    private static let months = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ]
    /// Hours from UTC (RFC 5322, 4.3); other names count as UTC.
    private static let zones = [
        "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "JST": 9,
    ]

    /// The date of a `From_` line in milliseconds since 1970 UTC; nil where the line is none.
    ///
    /// Without a time zone the date is taken as UTC. The address may be anything, even several words.
    static func date(of line: [UInt8]) -> Int64? {
        let words = String(decoding: line, as: UTF8.self).split(whereSeparator: \.isWhitespace)
        guard words.first == "From", words.count <= 40 else { return nil }
        for start in words.indices.dropFirst(2) {
            if let date = date(words[start...]) { return date }
        }
        return nil
    }

    private static func date(_ words: ArraySlice<Substring>) -> Int64? {
        var time = tm()
        var (day, month, year, clock): (Int32?, Int32?, Int32?, Clock?)
        var zoneMinutes = 0
        for word in words {
            let plain = word.hasSuffix(",") ? word.dropLast() : word
            let lower = plain.lowercased()
            if word == "remote" { break }
            if weekdays.contains(lower) { continue }
            if month == nil, let index = months.firstIndex(of: lower) {
                month = Int32(index)
            } else if clock == nil, let read = self.clock(plain) {
                clock = read
            } else if day == nil, plain.utf8.count <= 2, let number = number(plain, 1...31) {
                day = number
            } else if year == nil, plain.utf8.count == 4, let number = number(plain, 1900...2200) {
                year = number
            } else if let minutes = zone(plain) {
                zoneMinutes = minutes
            } else {
                return nil
            }
        }
        guard let day, let month, let year, let clock else { return nil }
        (time.tm_mday, time.tm_mon, time.tm_year) = (day, month, year - 1900)
        (time.tm_hour, time.tm_min, time.tm_sec) = clock
        return (Int64(timegm(&time)) - Int64(zoneMinutes) * 60) * 1000
    }

    private typealias Clock = (hour: Int32, minute: Int32, second: Int32)

    /// `hh:mm` or `hh:mm:ss`.
    private static func clock(_ word: Substring) -> Clock? {
        let parts = word.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2 || parts.count == 3, let hour = number(parts[0], 0...23),
            let minute = number(parts[1], 0...59)
        else { return nil }
        guard parts.count == 3 else { return (hour, minute, 0) }
        return number(parts[2], 0...60).map { (hour, minute, $0) }
    }

    /// Minutes from UTC of `+0900`, or of a name.
    private static func zone(_ word: Substring) -> Int? {
        if word.hasPrefix("+") || word.hasPrefix("-"), word.utf8.count == 5 {
            return number(word.dropFirst(), 0...2359).map {
                Int($0 / 100 * 60 + $0 % 100) * (word.hasPrefix("-") ? -1 : 1)
            }
        }
        guard (1...5).contains(word.utf8.count), word.utf8.allSatisfy({ (0x41...0x5A).contains($0) }) else {
            return nil
        }
        return zones[String(word), default: 0] * 60
    }

    private static func number(_ digits: Substring, _ range: ClosedRange<Int32>) -> Int32? {
        guard (1...4).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = Int32(digits), range.contains(number)
        else { return nil }
        return number
    }

    /// Header fields with which mails begin in files.
    private static let fields: Set<String> = [
        "arc-seal", "authentication-results", "cc", "content-type", "date", "delivered-to", "dkim-signature",
        "envelope-to", "from", "message-id", "mime-version", "received", "received-spf", "reply-to", "return-path",
        "sender", "status", "subject", "to",
    ]

    /// Whether a line is such a field.
    static func isHeaderField(_ line: [UInt8]) -> Bool {
        guard let colon = line.prefix(64).firstIndex(of: UInt8(ascii: ":")) else { return false }
        let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
        return fields.contains(name)
            || name.hasPrefix("x-") && name.utf8.dropFirst(2).allSatisfy { (0x21...0x7E).contains($0) }
    }
}
