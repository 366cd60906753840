import ArgumentParser
import Foundation
import Logging

/// How an event of the log is written: one line in either form.
enum LogFormat: String, CaseIterable, Sendable, ExpressibleByArgument {
    /// For people: `time level message key=value …`.
    case text
    /// For programs: one JSON object, its keys `time`, `level`, `message` and those of the event.
    case json

    /// The line, with its end.
    func line(time: String, level: Logger.Level, message: String, _ metadata: Logger.Metadata) -> String {
        switch self {
        case .text: Self.text(time, level, message, metadata)
        case .json: Self.json(time, level, message, metadata)
        }
    }

    // MARK: Text

    private static func text(
        _ time: String,
        _ level: Logger.Level,
        _ message: String,
        _ metadata: Logger.Metadata
    )
        -> String
    {
        metadata.sorted { $0.key < $1.key }.reduce("\(time) \(level) \(oneLine(message))") { line, entry in
            "\(line) \(entry.key)=\(quoted("\(entry.value)"))"
        } + "\n"
    }

    private static func oneLine(_ text: String) -> String {
        String(text.map { $0.isNewline ? " " : $0 })
    }

    private static func quoted(_ text: String) -> String {
        text.contains(where: { $0 == " " || $0 == "\"" || $0.isNewline })
            ? "\"\(oneLine(text).replacing("\"", with: "'"))\"" : text
    }

    // MARK: JSON

    private static func json(
        _ time: String,
        _ level: Logger.Level,
        _ message: String,
        _ metadata: Logger.Metadata
    )
        -> String
    {
        // Keys of the event never stand in for those that every line has.
        let own = [("time", time), ("level", "\(level)"), ("message", message)].map { ($0, string($1)) }
        let names = Set(own.map(\.0))
        let rest = metadata.filter { !names.contains($0.key) }.sorted { $0.key < $1.key }.map { ($0, value($1)) }
        return "{" + (own + rest).map { "\(string($0)):\($1)" }.joined(separator: ",") + "}\n"
    }

    private static func value(_ value: Logger.Metadata.Value) -> String {
        switch value {
        case .string(let text): string(text)
        case .stringConvertible(let number as Int): "\(number)"
        case .stringConvertible(let flag as Bool): "\(flag)"
        case .stringConvertible(let other): string("\(other)")
        case .array(let values): "[" + values.map(Self.value).joined(separator: ",") + "]"
        case .dictionary(let values):
            "{"
                + values.sorted { $0.key < $1.key }.map { "\(string($0.key)):\(Self.value($0.value))" }
                .joined(separator: ",") + "}"
        }
    }

    /// A JSON string (RFC 8259, section 7).
    private static func string(_ text: String) -> String {
        let escaped = text.unicodeScalars.reduce(into: "") { escaped, scalar in
            switch scalar {
            case "\"": escaped += "\\\""
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\r": escaped += "\\r"
            case "\t": escaped += "\\t"
            case "\u{0}"..<" ", "\u{7F}"..."\u{9F}", "\u{2028}", "\u{2029}":
                let digits = String(scalar.value, radix: 16)
                escaped += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return "\"\(escaped)\""
    }
}
