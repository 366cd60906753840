import Foundation

/// Mails of the tests.
enum Mails {
    /// One with HTML, an image in it, and an attachment.
    static func whole(from contact: Int, subject: String = "Offer", attachment: String = "offer.html") -> String {
        """
        Authentication-Results: mx.sakura.example; spf=pass; dkim=fail
        From: \(word("Customer \(subject)")) <contact\(contact)@customer.example>
        To: Hana <hana@sakura.example>
        Subject: \(word(subject))
        Message-ID: <\(contact)@customer.example>
        Date: Thu, 1 Jan 2026 09:00:00 +0900
        MIME-Version: 1.0
        Content-Type: multipart/mixed; boundary=b

        --b
        Content-Type: text/html; charset=utf-8

        <p>Hello <img src="cid:logo@customer"><a href="https://x.example/">x</a><meta http-equiv=refresh></p>
        --b
        Content-Type: image/png; name=logo.png
        Content-ID: <logo@customer>
        Content-Disposition: inline; filename=logo.png
        Content-Transfer-Encoding: base64

        iVBORw0KGgo=
        --b
        Content-Type: text/html
        Content-Disposition: attachment; filename*=UTF-8''\(percent(attachment))

        <script>alert(1)</script>
        --b--
        """
    }

    /// An encoded word (RFC 2047).
    private static func word(_ text: String) -> String { "=?UTF-8?B?\(Data(text.utf8).base64EncodedString())?=" }

    /// An extended parameter's value (RFC 8187).
    private static func percent(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
    }

    /// One of text alone.
    static func plain(from contact: Int, subject: String = "Question") -> String {
        """
        From: contact\(contact)@customer.example
        To: hana@sakura.example
        Subject: \(subject)
        Date: Fri, 2 Jan 2026 09:00:00 +0900

        \(subject)?
        """
    }
}
