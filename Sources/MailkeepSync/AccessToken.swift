package import MailkeepModel

/// What a mail server takes for a while in place of a password (RFC 6750).
package struct AccessToken: Sendable, CustomStringConvertible, CustomReflectable {
    package let text: String
    /// Whether it was given just now: another one would be refused for the same reason.
    package let isFresh: Bool

    package init(text: String, isFresh: Bool) {
        self.text = text
        self.isFresh = isFresh
    }

    package var description: String { "AccessToken(redacted)" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Where access tokens for one mailbox come from.
package protocol AccessTokenSource: Sendable {
    /// A token that is valid for now.
    ///
    /// - Parameter refused: one that the mail server did not accept.
    /// - Throws: `SyncFailure`, `CancellationError`.
    func token(refusing refused: String?) async throws -> AccessToken
}

/// The tokens of a user's saved settings.
package struct UserTokens: AccessTokenSource {
    private let user: UserID
    private let tokens: AccessTokens

    package init(user: UserID, tokens: AccessTokens) {
        self.user = user
        self.tokens = tokens
    }

    package func token(refusing refused: String?) async throws -> AccessToken {
        try await tokens.token(of: user, refusing: refused)
    }
}

/// A token that was given just now.
package struct GivenToken: AccessTokenSource {
    private let text: String

    package init(_ text: String) {
        self.text = text
    }

    package func token(refusing refused: String?) -> AccessToken { AccessToken(text: text, isFresh: true) }
}
