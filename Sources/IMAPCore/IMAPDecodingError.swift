/// Why a server's bytes cannot be read as IMAP.
package struct IMAPDecodingError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: Sendable, Equatable {
        /// The bytes do not follow the grammar.
        case invalidSyntax
        /// One of ``IMAPLimits`` is exceeded.
        case limitExceeded
    }

    package let code: Code
    /// What was wrong, in words that quote nothing of what was received.
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { "\(code): \(message)" }

    package static func == (left: Self, right: Self) -> Bool { left.code == right.code }
}
