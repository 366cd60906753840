extension POP3Connection {
    /// Reads the greeting (RFC 1939, 4).
    nonisolated(nonsending) func greet() async throws {
        let status = try await converse { try await nextStatus(.status) }
        guard status.isOK else { throw POP3Error(turningAway: status) }
    }

    /// Signs in, with SASL's `PLAIN` where it is offered and `USER` and `PASS` otherwise.
    ///
    /// - Parameter isEncrypted: tells why there is no way in where there is none.
    nonisolated(nonsending) func authenticate(_ credentials: POP3Credentials, isEncrypted: Bool) async throws {
        var lines: [String] = []
        let status = try await perform(.capabilities) { lines.append($0) }
        if status.isOK { capabilities = POP3Capabilities(lines: lines) }
        if capabilities.offers("UTF8") { _ = try await perform(.utf8) }
        if capabilities.offers(mechanism: "PLAIN") {
            try await authenticatePlain(credentials)
        } else if credentials.authorizeAs == nil, !capabilities.areKnown || capabilities.offers("USER") {
            let user = try await perform(.user(credentials.username))
            try check(user.isOK ? try await perform(.password(credentials.password)) : user)
        } else if !isEncrypted, capabilities.offers("STLS") {
            throw POP3Error(.loginDisabled, "the server takes no passwords without TLS")
        } else {
            throw POP3Error(.authenticationMechanismUnavailable, "the server offers no way to sign in like this")
        }
    }

    /// Bytes of a line with its end above which an initial response may not be sent along (RFC 5034, 4).
    private static let longestLine = 255

    private nonisolated(nonsending) func authenticatePlain(_ credentials: POP3Credentials) async throws {
        let response = credentials.plainResponse
        let isInitial = "AUTH PLAIN \r\n".utf8.count + response.utf8.count <= Self.longestLine
        var status = try await perform(.authenticatePlain(isInitial ? response : nil))
        if status.indicator == .challenge, !isInitial { status = try await perform(.response(response)) }
        guard status.indicator != .challenge else {
            throw POP3Error(.invalidResponse, "the server asks for more than PLAIN has")
        }
        try check(status)
    }

    private func check(_ status: POP3Status) throws {
        guard !status.isOK else { return }
        throw POP3Error(refusing: "the sign-in", status, otherwise: .authenticationFailed)
    }
}
