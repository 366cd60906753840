/// What marks a mail in a mailbox (RFC 9051, 2.3.2), as far as it is kept.
///
/// Kept are the marks of the standard and keywords that begin with `$`, which are registered or of programs. Other
/// keywords are people's own words and stay where they are; `\Recent` is the server's, and `\Deleted` would have a mail
/// vanish as soon as it is put back.
package struct MailFlags: Sendable, Equatable {
    package let names: [String]

    /// Of mail of which it is not known how it was marked: nobody is to find a thousand unread mails.
    package static let unknown = MailFlags(told: ["\\Seen"])

    private static let system = ["\\Seen", "\\Answered", "\\Flagged", "\\Draft"]
    private static let most = 16

    /// What of the names that a server told is kept.
    package init(told: [String]) {
        var kept: [String] = []
        for name in told {
            let known = Self.system.first { $0.lowercased() == name.lowercased() }
            guard let flag = known ?? (Self.isKeyword(name) ? name : nil), !kept.contains(flag) else { continue }
            kept.append(flag)
        }
        names = Array(kept.prefix(Self.most))
    }

    /// As they stand in the database.
    package init(stored: String) {
        self.init(told: stored.split(separator: " ").map(String.init))
    }

    package var stored: String { names.joined(separator: " ") }

    /// Without keywords, which some servers take none of.
    package var withoutKeywords: MailFlags { MailFlags(told: names.filter { $0.hasPrefix("\\") }) }

    private static func isKeyword(_ name: String) -> Bool {
        name.first == "$" && (2...64).contains(name.utf8.count)
            && name.utf8.dropFirst().allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                    || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".")
            }
    }
}
