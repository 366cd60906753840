/// Why a mail server cannot be reached, secured or waited for any longer, whatever protocol it speaks.
package struct ConnectionError: Error, Sendable {
    package enum Code: String, Sendable, Hashable, CaseIterable {
        /// The name has no address.
        case nameNotResolved
        /// No address of the server may be connected to.
        case addressNotAllowed
        case connectionFailed
        /// The server went away.
        case connectionClosed
        /// An answer stayed away for too long.
        case timeout
        case certificateInvalid
        case tlsFailed
        /// Bytes followed the answer to `STARTTLS` or `STLS` in plain text, as someone on the way would add them
        /// (CVE-2021-33515).
        case plaintextInjected
        /// The server sent more than is taken of it.
        case limitExceeded
        /// What was asked for cannot be asked for; nothing was sent.
        case invalidArgument
    }

    /// Why a certificate is refused.
    package enum CertificateProblem: String, Sendable, Hashable, CaseIterable {
        case expired
        case notYetValid
        /// It is for another host.
        case hostnameMismatch
        /// It is self-signed or of an authority that is not trusted.
        case untrusted
    }

    package let code: Code
    /// What happened, in words that hold nothing of the server's or the user's.
    package let message: String
    /// Set with ``Code/certificateInvalid``.
    package let certificateProblem: CertificateProblem?
    package let cause: (any Error)?

    package init(
        _ code: Code,
        _ message: String,
        certificateProblem: CertificateProblem? = nil,
        cause: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.certificateProblem = certificateProblem
        self.cause = cause
    }
}

extension ConnectionError: Equatable {
    package static func == (left: Self, right: Self) -> Bool { left.code == right.code }
}

extension ConnectionError: CustomStringConvertible {
    package var description: String { "\(code.rawValue): \(message)" }
}
