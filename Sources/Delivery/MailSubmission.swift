import CCurl
package import Foundation
import NIOPosix

/// Hands mails to a mail server (SMTP, RFC 5321 and 6409), one connection each.
package struct MailSubmission: Sendable {
    package enum Security: String, Sendable, CaseIterable {
        /// TLS from the first byte (RFC 8314, 3.3).
        case tls
        /// Plain text up to `STARTTLS` (RFC 3207); never onwards without it.
        case startTLS = "starttls"
        case none
    }

    package var host: String
    package var port: Int
    package var security: Security
    /// Nil without a sign-in.
    package var username: String?
    package var password: String?
    /// A file of certificates (PEM) that are trusted in place of the system's.
    package var certificateFile: String?
    /// The bare address of who sends.
    package var from: String

    private static let connectSeconds = 15
    private static let seconds = 60
    private static let initialize: Void = mailkeep_curl_init()

    package init(
        host: String,
        port: Int,
        security: Security,
        username: String? = nil,
        password: String? = nil,
        certificateFile: String? = nil,
        from: String
    ) {
        self.host = host
        self.port = port
        self.security = security
        self.username = username
        self.password = password
        self.certificateFile = certificateFile
        self.from = from
    }

    /// Sends a mail, off the cooperative pool, and waits until the server has taken it.
    ///
    /// - Parameters:
    ///   - mail: header and body, lines ending in CRLF.
    ///   - recipient: a bare address.
    /// - Throws: `DeliveryError`, `CancellationError`.
    package func send(_ mail: Data, to recipient: String) async throws {
        let flag = CancellationFlag()
        let (result, status) = try await withTaskCancellationHandler {
            try await NIOThreadPool.singleton.runIfActive { send(mail, to: recipient, flag) }
        } onCancel: {
            flag.set()
        }
        try Task.checkCancellation()
        guard result != CURLE_OK else { return }
        throw DeliveryError(Self.code(of: result), status: status == 0 ? nil : status)
    }

    private func send(_ mail: Data, to recipient: String, _ flag: CancellationFlag) -> (CURLcode, status: Int) {
        Self.initialize
        var status = 0
        let shown = host.contains(":") ? "[\(host)]" : host
        let texts = [
            "\(security == .tls ? "smtps" : "smtp")://\(shown):\(port)", from, recipient, certificateFile, username,
            password,
        ].map { $0.map { strdup($0) } ?? nil }
        defer { for text in texts { free(text) } }
        let result = mail.withUnsafeBytes { bytes in
            var request = mailkeep_mail()
            request.url = UnsafePointer(texts[0])
            request.from = UnsafePointer(texts[1])
            request.to = UnsafePointer(texts[2])
            request.ca_file = UnsafePointer(texts[3])
            request.username = UnsafePointer(texts[4])
            request.password = UnsafePointer(texts[5])
            request.starts_tls = security == .startTLS ? 1 : 0
            request.connect_seconds = Self.connectSeconds
            request.seconds = Self.seconds
            request.bytes = bytes.bindMemory(to: CChar.self).baseAddress
            request.length = bytes.count
            request.is_cancelled = UnsafePointer(flag.value)
            return mailkeep_mail_send(&request, &status)
        }
        return (result, status)
    }

    private static func code(of result: CURLcode) -> DeliveryError.Code {
        switch result {
        case CURLE_COULDNT_RESOLVE_HOST: .name
        case CURLE_OPERATION_TIMEDOUT: .timeout
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CONNECT_ERROR, CURLE_USE_SSL_FAILED, CURLE_SSL_CACERT_BADFILE:
            .certificate
        case CURLE_LOGIN_DENIED: .auth
        // What the server answers to MAIL, RCPT, DATA or the end of the mail.
        case CURLE_SEND_ERROR, CURLE_WEIRD_SERVER_REPLY, CURLE_REMOTE_ACCESS_DENIED: .status
        case CURLE_COULDNT_CONNECT, CURLE_RECV_ERROR, CURLE_GOT_NOTHING: .connect
        case CURLE_URL_MALFORMAT, CURLE_FAILED_INIT, CURLE_OUT_OF_MEMORY: .internal
        default: .connect
        }
    }
}

extension MailSubmission: CustomStringConvertible, CustomReflectable {
    package var description: String { "MailSubmission(redacted)" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// What ends a transfer that is under way.
///
/// Unchecked: the flag is set and read atomically, in C, and lives as long as the object.
private final class CancellationFlag: @unchecked Sendable {
    let value = UnsafeMutablePointer<CInt>.allocate(capacity: 1)

    init() { value.initialize(to: 0) }

    func set() { mailkeep_mail_cancel(value) }

    deinit { value.deallocate() }
}
