import IMAPCore
import NIOCore

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

    /// Signs in, with `PLAIN` where it is offered and `LOGIN` otherwise.
    ///
    /// - Parameter isEncrypted: without encryption nothing secret is sent to a server that says `LOGINDISABLED`.
    nonisolated(nonsending) func authenticate(_ credentials: IMAPCredentials, isEncrypted: Bool) async throws {
        if capabilities.isEmpty { try await require(.capability) }
        let isLoginDisabled = capabilities.contains("LOGINDISABLED")
        guard isEncrypted || !isLoginDisabled else {
            throw IMAPError(.loginDisabled, "the server takes no passwords without TLS")
        }
        // What is offered now may differ from what is offered to a signed-in user.
        let offered = capabilities
        capabilities = []
        switch credentials {
        case .password(let username, let password, let authorizeAs):
            if offered.contains("AUTH=PLAIN") {
                let response = try plainResponse(username, password, authorizeAs)
                try await authenticate(.authenticatePlain(response, isInitial: offered.contains("SASL-IR")), response)
            } else if authorizeAs == nil, !isLoginDisabled {
                try await logIn(username: username, password: password)
            } else {
                throw IMAPError(.authenticationMechanismUnavailable, "the server offers no way to sign in like this")
            }
        }
        if capabilities.isEmpty { try await require(.capability) }
        if capabilities.contains("UTF8=ONLY") { try await require(.enable("UTF8=ACCEPT")) }
    }

    private func plainResponse(
        _ username: String,
        _ password: String,
        _ authorizeAs: String?
    ) throws -> IMAPPlainResponse {
        do {
            return try IMAPPlainResponse(username: username, password: password, authorizeAs: authorizeAs)
        } catch { throw IMAPError.wrapping(error) }
    }

    private nonisolated(nonsending) func authenticate(
        _ command: IMAPCommand,
        _ response: IMAPPlainResponse
    ) async throws {
        let tag = nextTag()
        let parts = try encoder.encode(command, tag: tag)
        let status = try await converse {
            for part in parts { try await send(part) }
            if let status = try await awaitContinuation(of: tag) { return status }
            var line = ByteBuffer()
            response.write(to: &line)
            line.writeString("\r\n")
            try await send(line)
            if let status = try await awaitContinuation(of: tag) { return status }
            throw IMAPError(.invalidResponse, "the server asks for more than PLAIN has")
        }
        try checkSignIn(command, status)
    }

    private nonisolated(nonsending) func logIn(username: String, password: String) async throws {
        let command = IMAPCommand.login(username: username, password: password)
        try checkSignIn(command, try await perform(command))
    }

    private func checkSignIn(_ command: IMAPCommand, _ status: IMAPStatus) throws {
        guard status.condition != .ok else { return }
        let refusal = IMAPError(refusing: command, status)
        guard refusal.code == .commandRefused, status.condition == .no else { throw refusal }
        throw IMAPError(
            .authenticationFailed,
            "the server did not accept the user name or the password",
            responseCode: refusal.responseCode,
            serverText: refusal.serverText
        )
    }
}
