/// Why a command is not sent.
package struct IMAPEncodingError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: Sendable, Equatable {
        /// A text holds CR, LF or NUL, which could smuggle a command of its own past the server.
        case forbiddenCharacter
        /// A text is longer than any server takes.
        case tooLong
        /// A header field's name holds something else than letters, digits and signs (RFC 5322, 2.2).
        case invalidFieldName
        /// There is nothing to ask for.
        case empty
    }

    package let code: Code

    package init(_ code: Code) {
        self.code = code
    }

    package var description: String { "\(code)" }
}
