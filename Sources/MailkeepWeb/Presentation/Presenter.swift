import Foundation
import MailkeepApp
import MailkeepModel

/// Writes moments, sizes and numbers as people of a language read them.
struct Presenter: Sendable {
    let locale: MailkeepModel.Locale
    let wording: Wording
    private let calendar: Calendar

    init(locale: MailkeepModel.Locale, timeZone: TimeZone) {
        self.locale = locale
        wording = Wording(locale: locale, on: .page)
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = timeZone
        self.calendar = calendar
    }

    init(_ visit: VisitContext) {
        self.init(locale: visit.locale, timeZone: visit.timeZone)
    }

    init(_ context: SignedInContext) {
        self.init(context.visit)
    }

    /// `2026/11/24 18:05`, `24 Nov 2026, 18:05`; nil where there is no moment.
    func moment(_ iso8601: String?) -> Moment? {
        guard let iso8601, let date = try? Date(iso8601, strategy: .iso8601) else { return nil }
        let parts = calendar.dateComponents([.year, .month, .day, .hour, .minute], from: date)
        guard let year = parts.year, let month = parts.month, let day = parts.day, let hour = parts.hour,
            let minute = parts.minute, Self.months.indices.contains(month - 1)
        else { return nil }
        let time = "\(Self.two(hour)):\(Self.two(minute))"
        let shown =
            switch locale {
            case .japanese: "\(year)/\(Self.two(month))/\(Self.two(day)) \(time)"
            case .english: "\(day) \(Self.months[month - 1]) \(year), \(time)"
            }
        return Moment(iso: iso8601, shown: shown)
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    /// The first moment of a day as a date field gives it, `2026-11-24`, or of one some days later; nil where it is none.
    func startOfDay(_ text: String, addingDays days: Int = 0) -> Timestamp? {
        let parts = text.split(separator: "-").compactMap { Int($0) }
        guard parts.count == 3, (1900...9999).contains(parts[0]), (1...12).contains(parts[1]),
            (1...31).contains(parts[2])
        else { return nil }
        let components = DateComponents(year: parts[0], month: parts[1], day: parts[2])
        guard let day = calendar.date(from: components), let moved = calendar.date(byAdding: .day, value: days, to: day)
        else { return nil }
        return Timestamp(rawValue: Int64(moved.timeIntervalSince1970 * 1000))
    }

    /// `12,345`.
    func number(_ number: Int) -> String {
        let digits = String(number.magnitude)
        var grouped = ""
        for (place, digit) in digits.enumerated() {
            if place > 0, (digits.count - place).isMultiple(of: 3) { grouped += "," }
            grouped.append(digit)
        }
        return number < 0 ? "-" + grouped : grouped
    }

    /// `1.5 MB`, in powers of 1000.
    func size(_ bytes: Int64) -> String {
        let units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"]
        var value = Double(bytes)
        var unit = 0
        while value >= 999.5, unit < units.count - 1 {
            value /= 1000
            unit += 1
        }
        if unit == 0 { return "\(bytes) B" }
        return value < 99.95
            ? String(format: "%.1f %@", value, units[unit]) : String(format: "%.0f %@", value, units[unit])
    }

    /// How long something still takes: `3 minutes`.
    func duration(seconds: Int) -> String {
        seconds < 90
            ? wording.text(.saySeconds, ["n": number(max(1, seconds))])
            : wording.text(.sayMinutes, ["n": number((seconds + 30) / 60)])
    }
}

/// A moment for people and for programs.
struct Moment: Sendable {
    let iso: String
    let shown: String
}
