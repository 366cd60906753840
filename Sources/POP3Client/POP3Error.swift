package import MailConnection

/// Why a mail server could not be read by POP3.
package struct POP3Error: Error, Sendable {
    package enum Code: Sendable, Hashable {
        /// It cannot be reached, secured or waited for.
        case connection(ConnectionError.Code)
        /// The server refuses `STLS`, or leaves no room for it.
        case startTLSNotOffered
        case authenticationFailed
        /// The server offers no way to sign in with what is at hand.
        case authenticationMechanismUnavailable
        /// The server takes no passwords without TLS.
        case loginDisabled
        /// The server answered a command with `-ERR`.
        case commandRefused
        /// The mailbox is in use, or the server asks to come back later (RFC 2449, 8; RFC 3206).
        case throttled
        /// The server refuses for now to read a message or to list them (RFC 3206).
        case busy
        /// The server's bytes do not follow the protocol.
        case invalidResponse
    }

    package let code: Code
    /// What happened, in words that hold nothing of the server's or the user's.
    package let message: String
    /// The code in the server's answer, in capitals, such as `IN-USE` (RFC 2449, 8).
    package let responseCode: String?
    /// Set with the code of a certificate that is not valid.
    package let certificateProblem: ConnectionError.CertificateProblem?
    package let cause: (any Error)?

    package init(
        _ code: Code,
        _ message: String,
        responseCode: String? = nil,
        certificateProblem: ConnectionError.CertificateProblem? = nil,
        cause: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.responseCode = responseCode
        self.certificateProblem = certificateProblem
        self.cause = cause
    }
}

extension POP3Error: Equatable {
    package static func == (left: Self, right: Self) -> Bool { left.code == right.code }
}

extension POP3Error: CustomStringConvertible, CustomDebugStringConvertible {
    /// Code, words and response code, without the server's words.
    package var description: String {
        let name = if case .connection(let code) = code { code.rawValue } else { "\(code)" }
        return "\(name): \(message)\(responseCode.map { " [\($0)]" } ?? "")"
    }

    package var debugDescription: String { description }
}

extension POP3Error {
    /// An error of the connection.
    package init(_ error: ConnectionError) {
        self.init(
            .connection(error.code),
            error.message,
            certificateProblem: error.certificateProblem,
            cause: error.cause ?? error
        )
    }

    /// What an error of the layers below means to who reads mail.
    package static func wrapping(_ error: any Error) -> POP3Error {
        (error as? POP3Error) ?? POP3Error(ConnectionError(wrapping: error))
    }

    /// A refusal: `-ERR`.
    init(refusing command: POP3Command, _ status: POP3Status) {
        self.init(
            status.isTemporary ? .busy : .commandRefused,
            "\(command) was refused",
            responseCode: status.responseCode
        )
    }

    /// A refusal of something, with what it means where its response code does not say.
    init(refusing what: String, _ status: POP3Status, otherwise code: Code) {
        self.init(status.isTemporary ? .throttled : code, "\(what) was refused", responseCode: status.responseCode)
    }
}
