import CGMime

/// Dates of header fields (RFC 5322 section 3.3 and its obsolete forms in 4.3), and of `ctime`.
///
/// Not by GMime, which takes JST and `+09:00` for UTC, loses the time in `10:00+0900`, reads the years `50` to `69` as
/// 2050 to 2069, and finds dates in `1 1 2024`. Words are sorted here; GLib's calendar counts the days.
enum MailDate {
    /// Milliseconds since 1970 UTC; nil for what is not a date or cannot be one.
    ///
    /// Comments, weekdays (also false ones) and a missing zone, which counts as UTC, are let pass.
    static func parse(_ value: some Collection<UInt8>) -> Int64? {
        var parts = Parts()
        for word in words(value.prefix(256)) {
            guard parts.take(word) else { return nil }
        }
        return parts.milliseconds
    }

    private static func words(_ value: some Collection<UInt8>) -> [[UInt8]] {
        var words: [[UInt8]] = []
        var word: [UInt8] = []
        var depth = 0
        for byte in value {
            if byte == UInt8(ascii: "(") { depth += 1 }
            if depth > 0 || byte.isWhiteSpace || byte == UInt8(ascii: ",") {
                if !word.isEmpty { words.append(word) }
                word = []
                if byte == UInt8(ascii: ")") { depth -= 1 }
                continue
            }
            word.append(byte.lowercased)
        }
        if !word.isEmpty { words.append(word) }
        return words
    }

    private struct Parts {
        var day: Int?
        var month: Int?
        var year: Int?
        var time: (hour: Int, minute: Int, second: Int)?
        var zoneMinutes: Int?

        /// Sorts a word into its place; false when it has none.
        mutating func take(_ word: [UInt8]) -> Bool {
            guard let first = word.first else { return true }
            if word.contains(UInt8(ascii: ":")), first.isDigit { return takeTime(word) }
            if first == UInt8(ascii: "+") || (first == UInt8(ascii: "-") && time != nil) { return takeOffset(word) }
            if word.contains(UInt8(ascii: "-")), first.isDigit || first.isLetter {
                // 1-Jul-2024, as IMAP has it.
                return word.split(separator: UInt8(ascii: "-")).allSatisfy { take(Array($0)) }
            }
            if first.isDigit { return takeNumber(word) }
            guard first.isLetter else { return false }
            return takeName(word)
        }

        private mutating func takeNumber(_ word: [UInt8]) -> Bool {
            guard let number = MailDate.number(word, maximumDigits: 4) else { return false }
            if day == nil, word.count <= 2 {
                day = number
            } else if year == nil, word.count >= 2 {
                // RFC 5322 section 4.3.
                switch word.count {
                case 2: year = number < 50 ? 2000 + number : 1900 + number
                case 3: year = 1900 + number
                default: year = number
                }
            } else {
                return false
            }
            return true
        }

        private mutating func takeTime(_ word: [UInt8]) -> Bool {
            guard time == nil else { return false }
            var fields = word
            // A zone may follow without a space.
            if let sign = fields.lastIndex(where: { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") }) {
                guard takeOffset(Array(fields[sign...])) else { return false }
                fields = Array(fields[..<sign])
            }
            let numbers = fields.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false).map { field in
                MailDate.number(Array(field.prefix { $0 != UInt8(ascii: ".") }), maximumDigits: 2)
            }
            guard numbers.count == 2 || numbers.count == 3, let hour = numbers[0], let minute = numbers[1] else {
                return false
            }
            guard let second = numbers.count == 3 ? numbers[2] : 0 else { return false }
            guard hour < 24, minute < 60, second <= 60 else { return false }
            time = (hour, minute, second)
            return true
        }

        private mutating func takeOffset(_ word: [UInt8]) -> Bool {
            let digits = word.dropFirst().filter { $0 != UInt8(ascii: ":") }
            guard zoneMinutes == nil, digits.count == 4, let number = MailDate.number(digits, maximumDigits: 4),
                number % 100 < 60, number / 100 < 24
            else { return false }
            let minutes = number / 100 * 60 + number % 100
            zoneMinutes = word.first == UInt8(ascii: "-") ? -minutes : minutes
            return true
        }

        private mutating func takeName(_ word: [UInt8]) -> Bool {
            let name = word.last == UInt8(ascii: ".") ? word.dropLast() : word[...]
            if month == nil, let index = MailDate.index(of: name, in: MailDate.months) {
                month = index + 1
                return true
            }
            if time == nil { return MailDate.index(of: name, in: MailDate.weekdays) != nil }
            if zoneMinutes == nil {
                // Unknown zones, and single letters, whose signs RFC 822 had wrong, count as UTC (section 4.3).
                zoneMinutes = MailDate.zones[name.utf8Text] ?? 0
            }
            return name.count <= 5 && name.allSatisfy(\.isLetter)
        }

        var milliseconds: Int64? {
            guard let day, let month, let year, let time, (1900...9999).contains(year) else { return nil }
            var seconds: Int64 = 0
            guard
                mailkeep_gmime_seconds(
                    Int32(year),
                    Int32(month),
                    Int32(day),
                    Int32(time.hour),
                    Int32(time.minute),
                    &seconds
                ) != 0
            else { return nil }
            return (seconds + Int64(time.second) - Int64(zoneMinutes ?? 0) * 60) * 1000
        }
    }

    private static let months = [
        "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
        "december",
    ]
    private static let weekdays = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
    /// Minutes east of UTC: the names of RFC 5322, and those that Asian and European mailers write.
    private static let zones: [String: Int] = [
        "ut": 0, "gmt": 0, "utc": 0, "z": 0, "est": -300, "edt": -240, "cst": -360, "cdt": -300, "mst": -420,
        "mdt": -360, "pst": -480, "pdt": -420, "jst": 540, "kst": 540, "hkt": 480, "cet": 60, "cest": 120, "met": 60,
        "mest": 120, "bst": 60, "eet": 120, "eest": 180, "wet": 0, "west": 60,
    ]

    /// The index of the name that begins with `name`, of at least three letters.
    private static func index(of name: ArraySlice<UInt8>, in names: [String]) -> Int? {
        guard name.count >= 3 else { return nil }
        return names.firstIndex { $0.utf8.starts(with: name) }
    }

    private static func number(_ digits: [UInt8], maximumDigits: Int) -> Int? {
        guard !digits.isEmpty, digits.count <= maximumDigits, digits.allSatisfy(\.isDigit) else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }
}
