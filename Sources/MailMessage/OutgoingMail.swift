package import Foundation

/// A mail of plain text that Mailkeep itself writes.
package struct OutgoingMail: Sendable {
    package var fromName: String
    /// Bare addresses.
    package var from: String
    package var toName: String
    package var to: String
    package var subject: String
    package var text: String
    /// Without angle brackets: `left@right`.
    package var messageID: String
    /// Since 1970 UTC.
    package var seconds: Int64

    package init(
        fromName: String,
        from: String,
        toName: String,
        to: String,
        subject: String,
        text: String,
        messageID: String,
        seconds: Int64
    ) {
        self.fromName = fromName
        self.from = from
        self.toName = toName
        self.to = to
        self.subject = subject
        self.text = text
        self.messageID = messageID
        self.seconds = seconds
    }

    /// The mail as it is sent (RFC 5322; RFC 2047 in the header): ASCII alone, no line longer than 78, each ending in CRLF.
    ///
    /// Nothing of a name or of the subject gets into the header but as text.
    package var bytes: Data {
        let fields = [
            "Date: \(Self.date(seconds))", "From: \(Self.mailbox(fromName, from))", "To: \(Self.mailbox(toName, to))",
            "Message-ID: <\(messageID)>", "Subject: \(Self.words(subject))",
            // RFC 3834, 5: nobody answers it by themselves.
            "Auto-Submitted: auto-generated", "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: base64",
        ]
        let body = Data(text.replacing("\n", with: "\r\n").utf8).base64EncodedString(
            options: [.lineLength76Characters, .endLineWithCarriageReturn, .endLineWithLineFeed]
        )
        return Data((fields.joined(separator: "\r\n") + "\r\n\r\n" + body + "\r\n").utf8)
    }

    private static func mailbox(_ name: String, _ address: String) -> String {
        "\(words(name))\r\n <\(address.filter { !$0.isWhitespace })>"
    }

    /// Text in the header: as it is where it is short and plain, else in encoded words, each on a line of its own, none of
    /// which is longer than 76.
    private static func words(_ text: String) -> String {
        if text.wholeMatch(of: /[A-Za-z0-9]+(?: [A-Za-z0-9]+)*/) != nil, text.utf8.count <= 60 { return text }
        var words: [String] = []
        for scalar in text.unicodeScalars {
            let piece = scalar.properties.generalCategory == .control ? " " : String(scalar)
            if let last = words.last, last.utf8.count + piece.utf8.count <= bytesInWord {
                words[words.count - 1] = last + piece
            } else {
                words.append(piece)
            }
        }
        return words.map { "=?UTF-8?B?\(Data($0.utf8).base64EncodedString())?=" }.joined(separator: "\r\n ")
    }

    /// Base64 of so many has 52 characters, `=?UTF-8?B?` and `?=` have 12, and the longest name before it, `Subject: `, 9.
    private static let bytesInWord = 39

    private static func date(_ seconds: Int64) -> String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = "EEE, d MMM yyyy HH:mm:ss '+0000'"
        return formatter.string(from: Date(timeIntervalSince1970: TimeInterval(seconds)))
    }
}
