/// Why an exchange does not come to its end.
package struct SASLError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable, CaseIterable {
        /// Credentials hold NUL, CR, LF, or what an access token cannot.
        case forbiddenCharacter
        case tooLong
        /// A user name or password holds what SASLprep prohibits (RFC 4013, 2.3).
        case prohibitedCharacter
        /// The credentials are none for this mechanism.
        case wrongCredentials
        /// The server's message does not follow the mechanism, or there is none to come.
        case invalidChallenge
        /// The server asks for so few iterations that a password is easily guessed, or for so many that only it is kept
        /// busy who computes them (RFC 7677, 4).
        case iterationCount
        /// The server did not prove that it knows the password: it may be another one in its place (RFC 5802, 5).
        case serverNotProven
    }

    package let code: Code

    package init(_ code: Code) {
        self.code = code
    }

    package var description: String { code.rawValue }
}

/// What it means that a server refused an exchange.
package enum SASLRefusal: Sendable, Equatable {
    /// The user name, the password or the token's rights are not accepted.
    case credentials
    /// The access token has expired, was revoked or is none; another one may be accepted.
    case accessToken
    /// The server has nothing to compare with by this mechanism, or does not know the user.
    case mechanism
    /// The server cannot decide now.
    case temporary
}
