import Foundation
import MailMessage
package import MailkeepModel

/// A row of an import that could not be stored, and why.
package struct ImportProblem: Sendable, Equatable {
    package enum Reason: String, Sendable, CaseIterable {
        case unreadable
        case email
        case name
        case owner
        case user
        case role
        case profile
        case status
        case id
        case duplicate
        case account
        case contact
        case alias
        case refused
    }

    /// The line of the file on which the row begins, from 1.
    package var line: Int
    package var reason: Reason
    /// What stands there.
    package var value: String
    /// The rule that refused it.
    package var refusal: Refusal?

    package init(line: Int, reason: Reason, value: String = "", refusal: Refusal? = nil) {
        self.line = line
        self.reason = reason
        self.value = value.forMessages
        self.refusal = refusal
    }

    /// The problem in a reader's language.
    package func message(in locale: MailkeepModel.Locale) -> String {
        let wording = Wording(locale: locale)
        if let refusal { return "\(refusal.rule.rawValue): \(wording.refusal(refusal))" }
        return wording.text(key: "row.\(reason.rawValue)", ["value": value])
    }
}

/// What an import did.
package struct ImportResult: Sendable, Equatable {
    package var stored = 0
    package var skipped: [ImportProblem] = []
}

/// A file of comma-separated values as its rows, with the columns found by name.
struct ImportTable: Sendable {
    struct Row: Sendable {
        let line: Int
        private var fields: [String: String]

        init(line: Int, _ fields: [String: String]) {
            self.line = line
            self.fields = fields
        }

        /// What stands in a column, without white space around it; empty where there is nothing.
        subscript(column: String) -> String {
            get { fields[column] ?? "" }
            set { fields[column] = newValue }
        }

        /// Whether the file has a column.
        func has(_ column: String) -> Bool { fields[column] != nil }

        /// Several values in one column, separated by `;`.
        func list(_ column: String) -> [String] {
            self[column].split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
        }

        /// The columns other than these.
        func others(than known: Set<String>) -> [String: String] {
            fields.filter { !known.contains($0.key) && !$0.value.isEmpty }
        }
    }

    private(set) var rows: [Row] = []
    private(set) var problems: [ImportProblem] = []

    /// Reads a file.
    ///
    /// - Parameters:
    ///   - encoding: a charset's label; nil stands for UTF-8.
    ///   - required: columns that must be there.
    /// - Throws: `AppError` (`importEncoding`, `importUnreadable`, `importColumns`).
    init(_ bytes: [UInt8], encoding: String?, required: [String]) throws {
        var reader = CSVReader(try Self.utf8(bytes, encoding: encoding))
        let header: [String]
        do {
            header = try reader.next()?.fields.map { $0.trimmingCharacters(in: .whitespaces) } ?? []
        } catch {
            throw AppError(.importUnreadable, ["line": "\(error.line)"])
        }
        let missing = required.filter { !header.contains($0) }
        guard missing.isEmpty else { throw AppError(.importColumns, ["columns": missing.joined(separator: ", ")]) }
        do {
            while let (line, fields) = try reader.next() {
                guard fields.count <= header.count else {
                    problems.append(ImportProblem(line: line, reason: .unreadable))
                    continue
                }
                let values = fields.map { $0.trimmingCharacters(in: .whitespaces) }
                let pairs = zip(header, values + Array(repeating: "", count: header.count - values.count))
                rows.append(Row(line: line, Dictionary(pairs, uniquingKeysWith: { first, _ in first })))
            }
        } catch {
            // From here on nobody knows where a row begins.
            throw AppError(.importUnreadable, ["line": "\(error.line)"])
        }
    }

    private static func utf8(_ bytes: [UInt8], encoding: String?) throws -> [UInt8] {
        let label = encoding ?? "UTF-8"
        guard let text = TextFile.text(of: bytes, charset: label) else {
            throw AppError(.importEncoding, ["encoding": label.forMessages])
        }
        return Array(text.utf8)
    }
}
