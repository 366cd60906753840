import IMAPCore
package import MailConnection

extension IMAPError {
    /// What an error of the layers below means to who reads mail.
    package static func wrapping(_ error: any Error) -> IMAPError {
        switch error {
        case let error as IMAPError: error
        case let error as IMAPDecodingError:
            IMAPError(error.code == .limitExceeded ? .limitExceeded : .invalidResponse, error.message, cause: error)
        case let error as IMAPEncodingError:
            IMAPError(.invalidArgument, "an argument cannot be sent: \(error)", cause: error)
        default: IMAPError(ConnectionError(wrapping: error))
        }
    }

    /// An error of the connection.
    package init(_ error: ConnectionError) {
        let code: Code =
            switch error.code {
            case .nameNotResolved: .nameNotResolved
            case .addressNotAllowed: .addressNotAllowed
            case .connectionFailed: .connectionFailed
            case .connectionClosed: .connectionClosed
            case .timeout: .timeout
            case .certificateInvalid: .certificateInvalid
            case .tlsFailed: .tlsFailed
            case .plaintextInjected: .plaintextInjected
            case .limitExceeded: .limitExceeded
            case .invalidArgument: .invalidArgument
            }
        self.init(code, error.message, certificateProblem: error.certificateProblem, cause: error.cause ?? error)
    }

    /// A refusal: `NO` or `BAD`.
    init(refusing command: IMAPCommand, _ status: IMAPStatus) {
        var code =
            Self.code(of: status) ?? (command.isAnsweredAsMissing(by: status) ? .mailboxNotFound : .commandRefused)
        // Of one mailbox or message alone this may be true for ever ("too many parts").
        if code == .throttled, command.isOfMailbox, status.code != .throttled { code = .busy }
        self.init(
            code,
            "\(command) was answered with \(status.condition.rawValue)",
            responseCode: status.code?.name,
            serverText: status.text
        )
    }

    /// A farewell: `BYE`, or the connection's end without one.
    init(farewell status: IMAPStatus?) {
        guard let status else {
            self.init(.connectionClosed, "the server closed the connection")
            return
        }
        self.init(
            Self.code(of: status) ?? .connectionClosed,
            "the server closed the connection with a farewell",
            responseCode: status.code?.name,
            serverText: status.text
        )
    }

    /// What a response code means (RFC 9051, 7.1), also those that large providers made up.
    private static func code(of status: IMAPStatus) -> Code? {
        switch status.code?.name {
        case "OVERQUOTA": .overQuota
        case "UNAVAILABLE", "THROTTLED", "LIMIT", "INUSE": .throttled
        case "NONEXISTENT", "TRYCREATE": .mailboxNotFound
        case "AUTHENTICATIONFAILED", "AUTHORIZATIONFAILED", "EXPIRED", "WEBALERT": .authenticationFailed
        case "PRIVACYREQUIRED": .loginDisabled
        default: isBusy(status.text.lowercased()) ? .throttled : nil
        }
    }

    /// What servers say without a code; Exchange's words come after a sign-in that it took.
    private static func isBusy(_ text: String) -> Bool {
        text.contains("too many") || text.contains("authenticated but not connected")
    }
}

extension IMAPCommand {
    /// Whether it is about one mailbox, or messages in it.
    fileprivate var isOfMailbox: Bool {
        switch self {
        case .examine, .fetchHeaders, .fetchBodies, .fetchUIDs, .searchUIDs, .create, .subscribe, .append: true
        case .capability, .startTLS, .authenticate, .login, .enable, .namespace, .list, .status, .idle, .logout: false
        }
    }

    /// Whether a mailbox is missing, as servers without response codes say in words.
    fileprivate func isAnsweredAsMissing(by status: IMAPStatus) -> Bool {
        guard case .examine = self, status.condition == .no else { return false }
        let text = status.text.lowercased()
        return ["doesn't exist", "does not exist", "nonexistent", "no such mailbox", "unknown mailbox"]
            .contains { text.contains($0) }
    }
}
