import Foundation
import IMAPCore
import MailConnection
import NIOCore
import NIOPosix
import SASL

extension IMAPConnection {
    /// Reads the greeting (RFC 9051, 7.1.4 and 7.1.5).
    nonisolated(nonsending) func greet() async throws {
        try await converse {
            guard case .response(.status(let greeting)) = try await nextFragment() else {
                throw IMAPError(.invalidResponse, "the server did not begin with a greeting")
            }
            switch greeting.condition {
            case .ok: break
            case .bye: throw IMAPError(farewell: greeting)
            default: throw IMAPError(.invalidResponse, "the server's greeting leaves no room for signing in")
            }
        }
    }

    /// Signs in, by the strongest way that the server offers for these credentials.
    ///
    /// Without encryption nothing secret is sent to a server that says `LOGINDISABLED`, and an access token to none
    /// (RFC 6750, 5.3).
    nonisolated(nonsending) func authenticate(
        _ credentials: SASLCredentials,
        _ configuration: IMAPConfiguration
    ) async throws {
        if capabilities.isEmpty { try await require(.capability) }
        let isEncrypted = configuration.security != .none
        guard isEncrypted || !capabilities.contains("LOGINDISABLED") else {
            throw IMAPError(.loginDisabled, "the server takes no passwords without TLS")
        }
        if case .accessToken = credentials, !isEncrypted {
            throw IMAPError(.loginDisabled, "an access token is not sent without TLS")
        }
        // What is offered now may differ from what is offered to a signed-in user.
        let offered = capabilities
        capabilities = []
        var ways = SignInWay.offered(in: offered, for: credentials, isEncrypted: isEncrypted)[...]
        guard !ways.isEmpty else {
            throw IMAPError(.authenticationMechanismUnavailable, "the server offers no way to sign in like this")
        }
        while let way = ways.popFirst() {
            switch try await signIn(by: way, credentials, offered, configuration) {
            case nil: ways = []
            // A server that offers a mechanism and has nothing to compare with by it may know the password otherwise.
            // Under TLS that gives away no more than if it had not offered it.
            case (_, .mechanism)? where isEncrypted && !ways.isEmpty: continue
            case (let error, _)?: throw error
            }
        }
        if capabilities.isEmpty { try await require(.capability) }
        if capabilities.contains("UTF8=ONLY") { try await require(.enable("UTF8=ACCEPT")) }
    }

    /// - Returns: nil once signed in, else how the server refused, and what it meant.
    private nonisolated(nonsending) func signIn(
        by way: SignInWay,
        _ credentials: SASLCredentials,
        _ offered: Set<String>,
        _ configuration: IMAPConfiguration
    ) async throws -> (IMAPError, SASLRefusal)? {
        switch way {
        case .command(let command):
            let status = try await perform(command)
            return status.condition == .ok ? nil : Self.refusal(of: command, status, .credentials)
        case .mechanism(let mechanism):
            let exchange: SASLExchange
            do throws(SASLError) {
                let server = (host: configuration.host, port: configuration.port)
                exchange = try SASLExchange(mechanism, credentials, server: server)
            } catch { throw IMAPError(error) }
            return try await run(exchange, takesInitialResponse: offered.contains("SASL-IR"))
        }
    }

    /// Bytes of an initial response that is sent along with its command; for a longer one the server is asked first, as
    /// servers bound the length of a line more tightly than that of a response.
    private static let longestInitialResponse = 2048
    /// No mechanism here has as many challenges.
    private static let mostChallenges = 8

    private nonisolated(nonsending) func run(
        _ begun: SASLExchange,
        takesInitialResponse: Bool
    ) async throws -> (IMAPError, SASLRefusal)? {
        var exchange = begun
        let first = exchange.initialResponse.map { IMAPAuthenticationResponse($0.bytes) }
        let isSentAtOnce = takesInitialResponse && (first?.count ?? 0) <= Self.longestInitialResponse
        let command = IMAPCommand.authenticate(
            mechanism: exchange.mechanism.rawValue,
            initialResponse: isSentAtOnce ? first : nil
        )
        let tag = nextTag()
        let parts = try encode(command, tag: tag)
        let status = try await converse {
            for part in parts { try await send(part) }
            // Whether what the client says first has arrived; a server that asks for it with nothing to say has not
            // read it.
            var isBegun = first == nil
            for _ in 0..<Self.mostChallenges {
                switch try await nextAnswer(to: tag) {
                case .end(let status): return status
                case .challenge(let text):
                    if let first, !isBegun, text.isEmpty || !isSentAtOnce {
                        isBegun = true
                        try await send(first)
                        continue
                    }
                    isBegun = true
                    guard let challenge = Data(base64Encoded: text) else {
                        try await abort()
                        throw IMAPError(.invalidResponse, "a challenge is not base64")
                    }
                    switch try await Self.receive(Array(challenge), in: &exchange) {
                    case .respond(let message): try await send(IMAPAuthenticationResponse(message.bytes))
                    case .abort(let error):
                        try await abort()
                        throw IMAPError(error)
                    }
                }
            }
            throw IMAPError(.invalidResponse, "the server asks for more than the mechanism has")
        }
        guard status.condition == .ok else { return Self.refusal(of: command, status, exchange.refusal) }
        do throws(SASLError) { try exchange.succeed() } catch { throw IMAPError(error) }
        return nil
    }

    /// Hands a message to the exchange, off the cooperative threads where that computes for long.
    private nonisolated(nonsending) static func receive(
        _ challenge: [UInt8],
        in exchange: inout SASLExchange
    ) async throws -> SASLExchange.Action {
        guard exchange.isCostly else { return exchange.receive(challenge) }
        let current = exchange
        let (next, action) = try await NIOThreadPool.singleton.runIfActive {
            var next = current
            let action = next.receive(challenge)
            return (next, action)
        }
        exchange = next
        return action
    }

    private nonisolated(nonsending) func send(_ response: IMAPAuthenticationResponse) async throws {
        var line = ByteBuffer()
        response.write(to: &line)
        line.writeString("\r\n")
        try await send(line)
    }

    /// Gives an exchange up (RFC 9051, 6.2.2).
    private nonisolated(nonsending) func abort() async throws {
        try await send(ByteBuffer(string: "*\r\n"))
    }

    private enum Answer {
        case challenge(String)
        case end(IMAPStatus)
    }

    private nonisolated(nonsending) func nextAnswer(to tag: String) async throws -> Answer {
        while true {
            switch try await nextFragment() {
            case .response(.continuation(let text)): return .challenge(text)
            case .response(.tagged(tag, let status)): return .end(status)
            default: continue
            }
        }
    }

    /// What it means that a sign-in was refused.
    private static func refusal(
        of command: IMAPCommand,
        _ status: IMAPStatus,
        _ meaning: SASLRefusal
    ) -> (IMAPError, SASLRefusal) {
        let refusal = IMAPError(refusing: command, status)
        // The server's own word on its state counts more than what the exchange came to.
        let isOfCredentials = refusal.code == .authenticationFailed
        guard isOfCredentials || (refusal.code == .commandRefused && status.condition == .no) else {
            return (refusal, .temporary)
        }
        let isOfRights = ["AUTHORIZATIONFAILED", "WEBALERT"].contains(refusal.responseCode ?? "")
        let (code, message): (IMAPError.Code, String) =
            switch meaning {
            case .temporary: (.throttled, "the server cannot decide on the sign-in now")
            case .accessToken where !isOfRights: (.accessTokenRefused, "the server did not accept the access token")
            case .accessToken, .credentials, .mechanism:
                (.authenticationFailed, "the server did not accept the user name or the proof")
            }
        let error = IMAPError(
            code,
            message,
            responseCode: refusal.responseCode,
            serverText: refusal.serverText
        )
        return (error, isOfRights ? .credentials : meaning)
    }
}

/// A way to sign in.
private enum SignInWay {
    case mechanism(SASLMechanism)
    /// `LOGIN`.
    case command(IMAPCommand)

    /// What a server that offers `capabilities` can be signed in to with, the strongest first.
    static func offered(
        in capabilities: Set<String>,
        for credentials: SASLCredentials,
        isEncrypted: Bool
    ) -> [SignInWay] {
        var mechanisms = SASLMechanism.preference(for: credentials, isEncrypted: isEncrypted)
            .filter { capabilities.contains("AUTH=\($0.rawValue)") }
        var ways: [SignInWay] = []
        if case .password(let username, let password, nil) = credentials, !capabilities.contains("LOGINDISABLED") {
            // The command is what the mechanism of its name does, in fewer steps.
            mechanisms.removeAll { $0 == .login }
            ways = [.command(.login(username: username, password: password))]
        }
        return mechanisms.map(SignInWay.mechanism) + ways
    }
}

extension IMAPError {
    /// What the failure of an exchange means to who reads mail.
    init(_ error: SASLError) {
        switch error.code {
        case .forbiddenCharacter, .tooLong, .prohibitedCharacter, .wrongCredentials:
            self.init(.invalidArgument, "the user name or the proof cannot be sent: \(error)", cause: error)
        case .invalidChallenge:
            self.init(.invalidResponse, "the server does not follow the mechanism", cause: error)
        case .iterationCount, .serverNotProven:
            self.init(.serverNotProven, "the server did not prove who it is: \(error)", cause: error)
        }
    }
}
