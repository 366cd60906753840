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

    /// `17-Jul-1996 09:44:25 +0000`, or nil where the year is not one of four digits.
    static func text(milliseconds: Int64) -> String? {
        guard writable.contains(milliseconds) else { return nil }
        let (seconds, inDay) = (floored(milliseconds, 1000), floored(milliseconds, 86_400_000))
        let time = seconds.quotient - inDay.quotient * 86_400
        // The reverse of `daysSince1970`.
        let (era, dayOfEra) = floored(inDay.quotient + 719_468, 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let name = names[Int(month) - 1]
        return "\(padded(day, 2))-\(name)-\(padded(year, 4)) "
            + "\(padded(time / 3600, 2)):\(padded(time / 60 % 60, 2)):\(padded(time % 60, 2)) +0000"
    }

    /// The years 1 to 9999.
    private static let writable: ClosedRange<Int64> = -62_135_596_800_000...253_402_300_799_999

    private static let names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    private static func floored(_ value: Int64, _ divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
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
