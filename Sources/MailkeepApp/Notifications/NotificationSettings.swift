package import Delivery
import Foundation
import MailMessage
import MailkeepModel

/// How this process tells administrators what happens.
package struct NotificationSettings: Sendable {
    /// The mail server that takes mail; nil where none is set up.
    let mail: MailSubmission?
    /// Where browsers find the pages: `https://mail.example.com`; nil where that is not known.
    let pages: String?

    package init(mail: MailSubmission? = nil, pages: String? = nil) {
        self.mail = mail
        self.pages = pages
    }
}

/// The mail server that takes mail, as it is set; what is nil is as usual.
package struct MailSubmissionSettings: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
    package var host: String?
    package var port: Int?
    /// `tls`, `starttls` or `none`.
    package var security: String?
    package var username: String?
    package var password: String?
    package var from: String?
    /// A file of certificates (PEM) that are trusted in place of the system's.
    package var certificateFile: String?

    package init() {}

    package var description: String { "MailSubmissionSettings(redacted)" }
    package var customMirror: Mirror { Mirror(self, children: []) }

    /// The mail server; nil where no host is set.
    ///
    /// - Throws: `AppError` (`badMailSettings`), which names the setting.
    package func submission() throws -> MailSubmission? {
        guard let host else {
            if from != nil || username != nil || password != nil { throw Self.bad("smtp.host") }
            return nil
        }
        guard host.wholeMatch(of: /[A-Za-z0-9._:-]{1,255}/) != nil else { throw Self.bad("smtp.host") }
        guard let security = MailSubmission.Security(rawValue: security ?? "tls") else {
            throw Self.bad("smtp.security")
        }
        let port = port ?? security.usualPort
        guard (1...65_535).contains(port) else { throw Self.bad("smtp.port") }
        guard let from = from.flatMap({ NormalizedAddress($0) }) else { throw Self.bad("smtp.from") }
        guard (username == nil) == (password == nil) else {
            throw Self.bad(username == nil ? "smtp.username" : "smtp.password")
        }
        for (name, text) in [("smtp.username", username), ("smtp.password", password)] {
            guard text?.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) != false else { throw Self.bad(name) }
        }
        // A password never goes over a network in clear.
        guard username == nil || security != .none || ["localhost", "127.0.0.1", "::1"].contains(host.lowercased())
        else { throw Self.bad("smtp.security") }
        if let certificateFile {
            guard let data = FileManager.default.contents(atPath: certificateFile), data.count <= 1 << 20,
                String(decoding: data, as: UTF8.self).contains("-----BEGIN CERTIFICATE-----")
            else { throw Self.bad("smtp.ca.file") }
        }
        return MailSubmission(
            host: host,
            port: port,
            security: security,
            username: username,
            password: password,
            certificateFile: certificateFile,
            from: from.description
        )
    }

    private static func bad(_ name: String) -> AppError { AppError(.badMailSettings, ["name": name]) }
}

extension MailSubmission.Security {
    /// RFC 8314, 3.3 and 7.3; without TLS that between mail servers.
    fileprivate var usualPort: Int {
        switch self {
        case .tls: 465
        case .startTLS: 587
        case .none: 25
        }
    }
}
