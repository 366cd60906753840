/// The date and time of `INTERNALDATE` (RFC 9051, 9: date-time).
enum IMAPDate {
    private static let months: [String: Int] = [
        "JAN": 1, "FEB": 2, "MAR": 3, "APR": 4, "MAY": 5, "JUN": 6,
        "JUL": 7, "AUG": 8, "SEP": 9, "OCT": 10, "NOV": 11, "DEC": 12,
    ]

    /// Milliseconds since 1970 of `17-Jul-1996 02:44:25 -0700`, or nil where it is no such date.
    static func milliseconds(_ text: String) -> Int64? {
        let words = text.split(separator: " ", omittingEmptySubsequences: true)
        guard words.count >= 2 else { return nil }
        let date = words[0].split(separator: "-", omittingEmptySubsequences: false)
        let time = words[1].split(separator: ":", omittingEmptySubsequences: false)
        guard date.count == 3, time.count == 3,
            let day = number(date[0], 1...31), let month = months[date[1].uppercased()],
            let year = number(date[2], 1...9999),
            let hour = number(time[0], 0...23), let minute = number(time[1], 0...59),
            let second = number(time[2], 0...60),
            let zone = words.count > 2 ? zoneMinutes(words[2]) : 0
        else { return nil }
        let minutes = daysSince1970(year: year, month: month, day: day) * 1440 + hour * 60 + minute - zone
        return Int64(minutes * 60 + second) * 1000
    }

    private static func number(_ digits: Substring, _ range: ClosedRange<Int>) -> Int? {
        guard digits.utf8.count <= 4, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let value = Int(digits), range.contains(value)
        else { return nil }
        return value
    }

    private static func zoneMinutes(_ zone: Substring) -> Int? {
        guard let sign = zone.first, sign == "+" || sign == "-", let value = number(zone.dropFirst(), 0...9999),
            value % 100 < 60
        else { return nil }
        let minutes = value / 100 * 60 + value % 100
        return sign == "-" ? -minutes : minutes
    }

    /// Days from 1970-01-01 in the Gregorian calendar, counting years from March so that the leap day comes last.
    private static func daysSince1970(year: Int, month: Int, day: Int) -> Int {
        let marchYear = month > 2 ? year : year - 1
        let era = marchYear / 400
        let yearOfEra = marchYear - era * 400
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
