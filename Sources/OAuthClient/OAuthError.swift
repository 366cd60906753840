/// Why a token endpoint gave no tokens.
package struct OAuthError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable, CaseIterable {
        /// The code or refresh token is not accepted, or not any more: the person must sign in anew.
        case grantRefused
        /// The provider does not accept this client, or what it asks for: its registration is to be put right.
        case clientRefused
        /// Its certificate is not trusted.
        case certificateInvalid
        /// It cannot be reached, does not answer in time, or is out of order: it may work later.
        case unavailable
        /// Its answer is none of a token endpoint, or too long.
        case invalidAnswer
    }

    package let code: Code
    /// What happened, without secrets or personal data.
    package let message: String
    package let cause: (any Error)?

    package init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    package static func == (left: Self, right: Self) -> Bool { left.code == right.code }

    package var description: String { "\(code.rawValue): \(message)" }
}
