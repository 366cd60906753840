/// A client's side of one authentication, without I/O (RFC 4422, 3).
///
/// Each message of the server is handed in; what comes out is to be sent, or the exchange is to be given up. The server's
/// word that it succeeded counts only once `succeed` agrees.
package struct SASLExchange: Sendable {
    /// What to do after a message of the server.
    package enum Action: Sendable, Equatable {
        case respond(SASLMessage)
        /// The server is not to be told anything more.
        case abort(SASLError)
    }

    private enum State: Sendable {
        case scram(ScramExchange)
        case bearer(BearerExchange)
        case plain
        /// What is still to be told, in the order in which it is asked for.
        case login([SASLMessage])
    }

    package let mechanism: SASLMechanism
    /// What the client says first; nil where the server begins.
    package let initialResponse: SASLMessage?
    private var state: State

    /// - Parameters:
    ///   - server: whom it is told to, for mechanisms that name it (RFC 7628, 3.1).
    ///   - nonce: printable characters without a comma that are used once, for SCRAM; random ones where nil.
    /// - Throws: `SASLError` where the credentials cannot be used.
    package init(
        _ mechanism: SASLMechanism,
        _ credentials: SASLCredentials,
        server: (host: String, port: Int)? = nil,
        nonce: String? = nil
    ) throws(SASLError) {
        try credentials.check()
        self.mechanism = mechanism
        switch (mechanism, credentials) {
        case (.scramSHA256, .password(let username, let password, let authorizeAs)):
            let exchange = try ScramExchange(
                username: username,
                password: password,
                authorizeAs: authorizeAs,
                nonce: nonce ?? ScramExchange.makeNonce()
            )
            initialResponse = exchange.firstMessage
            state = .scram(exchange)
        case (.plain, .password(let username, let password, let authorizeAs)):
            let parts = [authorizeAs ?? "", username, password].map { Array($0.utf8) }
            initialResponse = SASLMessage(Array(parts.joined(separator: [0])))
            state = .plain
        case (.login, .password(let username, let password, nil)):
            initialResponse = nil
            state = .login([SASLMessage(username), SASLMessage(password)])
        case (.oauthBearer, .accessToken(let username, let token)):
            let exchange = BearerExchange(.oauthBearer, username: username, token: token, server: server)
            initialResponse = exchange.firstMessage
            state = .bearer(exchange)
        case (.xoauth2, .accessToken(let username, let token)):
            let exchange = BearerExchange(.xoauth2, username: username, token: token, server: server)
            initialResponse = exchange.firstMessage
            state = .bearer(exchange)
        default: throw SASLError(.wrongCredentials)
        }
    }

    /// Whether `receive` may compute for a while, and is better not called where others wait.
    package var isCostly: Bool { mechanism == .scramSHA256 }

    /// Takes a message of the server, decoded from base64 where the protocol encodes it.
    package mutating func receive(_ challenge: [UInt8]) -> Action {
        switch state {
        case .scram(var exchange):
            let action = exchange.receive(challenge)
            state = .scram(exchange)
            return action
        case .bearer(var exchange):
            let action = exchange.receive(challenge)
            state = .bearer(exchange)
            return action
        case .login(var messages):
            guard !messages.isEmpty else { return .abort(SASLError(.invalidChallenge)) }
            let next = messages.removeFirst()
            state = .login(messages)
            return .respond(next)
        case .plain: return .abort(SASLError(.invalidChallenge))
        }
    }

    /// The server says that it succeeded.
    ///
    /// - Throws: `SASLError` (`serverNotProven`, `invalidChallenge`) where that is not to be believed.
    package func succeed() throws(SASLError) {
        switch state {
        case .scram(let exchange): try exchange.succeed()
        case .bearer(let exchange): try exchange.succeed()
        case .login(let messages): guard messages.isEmpty else { throw SASLError(.invalidChallenge) }
        case .plain: break
        }
    }

    /// What it means that the server refuses it at this point.
    package var refusal: SASLRefusal {
        switch state {
        case .scram(let exchange): exchange.refusal
        case .bearer(let exchange): exchange.refusal
        case .plain, .login: .credentials
        }
    }
}

extension SASLExchange: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "SASLExchange(\(mechanism.rawValue), redacted)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
