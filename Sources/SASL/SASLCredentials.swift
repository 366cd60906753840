/// What a person, or who acts for them, proves who they are with.
package enum SASLCredentials: Sendable {
    /// Authenticates as `username` and, where given, acts as `authorizeAs` (RFC 4422's authorization identity).
    case password(username: String, password: String, authorizeAs: String? = nil)
    /// An OAuth 2.0 bearer token for the mailbox of `username` (RFC 6750).
    case accessToken(username: String, token: String)

    /// Bytes of a user name or password.
    package static let longestText = 4096
    /// Bytes of an access token: those of Microsoft have some thousands.
    package static let longestToken = 16_384

    /// Refuses what no server takes, and what would mean something else within a message.
    ///
    /// - Throws: `SASLError` (`forbiddenCharacter`, `tooLong`).
    package func check() throws(SASLError) {
        switch self {
        case .password(let username, let password, let authorizeAs):
            for text in [username, password, authorizeAs ?? ""] { try Self.check(text) }
        case .accessToken(let username, let token):
            try Self.check(username)
            // A control-A would end the field of a message.
            guard !username.utf8.contains(0x01) else { throw SASLError(.forbiddenCharacter) }
            guard token.utf8.count <= Self.longestToken else { throw SASLError(.tooLong) }
            guard !token.isEmpty, token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
                throw SASLError(.forbiddenCharacter)
            }
        }
    }

    private static func check(_ text: String) throws(SASLError) {
        guard text.utf8.count <= longestText else { throw SASLError(.tooLong) }
        guard !text.utf8.contains(where: { $0 == 0 || $0 == 0x0A || $0 == 0x0D }) else {
            throw SASLError(.forbiddenCharacter)
        }
    }
}

extension SASLCredentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "SASLCredentials(redacted)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
