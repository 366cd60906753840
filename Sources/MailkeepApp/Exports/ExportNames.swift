import Foundation
import MailkeepModel
import MailkeepSync

/// Gives exported mails paths that every system takes, Windows included.
///
/// No reserved names or characters, no `..`, no dots or spaces at an end, no two folders that differ in upper and lower
/// case or in the form of their letters alone, and in all no more than 220 of the 260 characters that Windows takes.
struct ExportNames {
    private static let longestName = 60
    private static let longestFolder = 160

    private var used: Set<String> = []

    /// The path of a mailbox's folder: `mail/INBOX/Orders`; of no folder's name, `mail`.
    mutating func folder(_ name: String) -> String {
        let parts = name.split(whereSeparator: { $0 == "/" || $0 == "\\" }).map { Self.safe(String($0)) }
        var path = (["mail"] + parts).joined(separator: "/")
        while path.utf16.count > Self.longestFolder { path.removeLast() }
        if path.hasSuffix("/") { path.removeLast() }
        var unused = path
        var copy = 1
        // Equal letters are equal here in whatever form they were written.
        while !used.insert(unused.lowercased()).inserted {
            copy += 1
            unused = "\(path)~\(copy)"
        }
        return unused
    }

    /// The name of a mail's file: its date in UTC, which sorts, and half of its SHA-256, which nobody makes equal to
    /// another mail's.
    static func file(_ digest: MailDigest, sentAt: Timestamp) -> String {
        let date = String(sentAt.iso8601.prefix(19).filter { $0.isNumber || $0 == "T" })
        return "\(date)-\(digest.hex.prefix(32)).eml"
    }

    /// A name of one folder.
    static func safe(_ name: String) -> String {
        var safe = String(
            String.UnicodeScalarView(
                name.unicodeScalars.map { scalar in
                    let isForbidden = #"<>:"|?*\/"#.unicodeScalars.contains(scalar)
                    let isUnseen = [.control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned]
                        .contains(scalar.properties.generalCategory)
                    return isForbidden || isUnseen ? "_" : scalar
                }
            )
        )
        while safe.utf16.count > longestName { safe.removeLast() }
        safe = safe.trimmingCharacters(in: .whitespaces)
        while let last = safe.last, last == "." || last.isWhitespace { safe.removeLast() }
        let stem = safe.prefix { $0 != "." }.trimmingCharacters(in: .whitespaces).uppercased()
        let isReserved =
            ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$"].contains(stem)
            || (stem.count == 4 && (stem.hasPrefix("COM") || stem.hasPrefix("LPT")) && stem.last?.isNumber == true)
        if safe.isEmpty || safe.hasPrefix(".") || isReserved { safe = "_" + safe }
        // A folder is never called like a mail's file.
        return safe.lowercased().hasSuffix(".eml") ? safe + "_" : safe
    }
}
