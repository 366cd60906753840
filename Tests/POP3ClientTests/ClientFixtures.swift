import Logging
import MailConnection
import NIOCore
import POP3Client
import TestSupport

extension DovecotServer {
    func pop3(_ security: MailEndpoint.Security, trust: MailEndpoint.Trust? = nil) -> POP3Configuration {
        POP3Configuration(
            MailEndpoint(
                host: "localhost",
                port: security == .tls ? pop3sPort : pop3Port,
                security: security,
                trust: trust ?? .certificates(pem: certificate.pem),
                isAddressAllowed: { _ in true }
            )
        )
    }
}

extension ScriptedIMAPServer {
    /// What a client without surprises meets first.
    static func pop3SignIn(capabilities: String = "USER\r\nUIDL\r\nTOP") -> [Step] {
        [
            .send("+OK hi\r\n"), .receive("CAPA"), .send("+OK\r\n\(capabilities)\r\n.\r\n"), .receive("USER alice"),
            .send("+OK\r\n"), .receive("PASS secret"), .send("+OK\r\n"),
        ]
    }

    func pop3(
        _ security: MailEndpoint.Security = .none,
        trust: MailEndpoint.Trust = .system,
        limits: POP3Limits = POP3Limits(),
        responseTimeout: TimeAmount = .seconds(60),
        commandTimeout: TimeAmount = .minutes(10)
    ) -> POP3Configuration {
        POP3Configuration(
            MailEndpoint(
                host: host,
                port: port,
                security: security,
                trust: trust,
                responseTimeout: responseTimeout,
                commandTimeout: commandTimeout,
                isAddressAllowed: { _ in true }
            ),
            limits: limits
        )
    }
}

/// Signs in as the user that tests have.
@discardableResult
nonisolated(nonsending) func withPOP3Connection<Result: Sendable>(
    _ configuration: POP3Configuration,
    username: String = "alice",
    password: String = "secret",
    authorizeAs: String? = nil,
    _ body: nonisolated(nonsending) (POP3Connection) async throws -> Result
) async throws -> Result {
    try await withPOP3Connection(
        configuration,
        credentials: POP3Credentials(username: username, password: password, authorizeAs: authorizeAs),
        logger: Logger(label: "test"),
        body
    )
}

extension POP3Connection {
    /// Whole messages by number, and those that are refused.
    nonisolated(nonsending) func messages(
        _ numbers: [UInt32]
    ) async throws -> (bytes: [UInt32: [UInt8]], refused: [UInt32]) {
        var messages: [UInt32: [UInt8]] = [:]
        let refused = try await retrieve(numbers) { message in
            var bytes: [UInt8] = []
            for try await chunk in message.chunks { bytes += chunk.readableBytesView }
            messages[message.number] = bytes
        }
        return (messages, refused)
    }
}
