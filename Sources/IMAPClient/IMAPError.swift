package import MailConnection

/// Why a mail server could not be read.
package struct IMAPError: Error, Sendable {
    package enum Code: String, Sendable, Hashable, CaseIterable {
        /// The name has no address.
        case nameNotResolved
        /// No address of the server may be connected to.
        case addressNotAllowed
        case connectionFailed
        /// The server went away, with or without a farewell.
        case connectionClosed
        /// An answer stayed away for too long.
        case timeout
        case certificateInvalid
        case tlsFailed
        case startTLSNotOffered
        /// Bytes followed `STARTTLS`'s answer in plain text, as someone on the way would add them (CVE-2021-33515).
        case plaintextInjected
        case authenticationFailed
        /// The access token has expired or was revoked; another one may be accepted.
        case accessTokenRefused
        /// The server offers no way to sign in with what is at hand.
        case authenticationMechanismUnavailable
        /// The server did not prove that it knows the password (RFC 5802), or asked for a proof that gives it away.
        case serverNotProven
        /// The server takes no passwords without TLS (RFC 9051, 6.2.3).
        case loginDisabled
        /// The server answered a command with `NO` or `BAD`.
        case commandRefused
        /// The server asks to come back later.
        case throttled
        /// The server refuses for now to open a mailbox or to read in it, and says nothing of what else it does.
        case busy
        case overQuota
        /// The mailbox does not exist.
        case mailboxNotFound
        /// The server's bytes do not follow the protocol.
        case invalidResponse
        /// The server sent more than is taken of it.
        case limitExceeded
        /// What was asked for cannot be asked for; nothing was sent.
        case invalidArgument
    }

    package typealias CertificateProblem = ConnectionError.CertificateProblem

    package let code: Code
    /// What happened, in words that hold nothing of the server's or the user's.
    package let message: String
    /// The code in the server's answer, in capitals, such as `UNAVAILABLE`.
    package let responseCode: String?
    /// The server's own words; they may hold names and are not to be logged.
    package let serverText: String?
    /// Set with ``Code/certificateInvalid``.
    package let certificateProblem: CertificateProblem?
    package let cause: (any Error)?

    package init(
        _ code: Code,
        _ message: String,
        responseCode: String? = nil,
        serverText: String? = nil,
        certificateProblem: CertificateProblem? = nil,
        cause: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.responseCode = responseCode
        self.serverText = serverText.map { String($0.prefix(500)) }
        self.certificateProblem = certificateProblem
        self.cause = cause
    }
}

extension IMAPError: Equatable {
    package static func == (left: Self, right: Self) -> Bool { left.code == right.code }
}

extension IMAPError: CustomStringConvertible, CustomDebugStringConvertible {
    /// Code, words and response code, without the server's words.
    package var description: String {
        "\(code.rawValue): \(message)\(responseCode.map { " [\($0)]" } ?? "")"
    }

    package var debugDescription: String { description }
}
