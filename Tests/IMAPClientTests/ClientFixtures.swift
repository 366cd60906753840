import IMAPClient
import IMAPCore
import Logging
import MailConnection
import NIOCore
import SASL
import TestSupport

/// Messages that differ in what a reader could stumble over: sizes around those of buffers, bytes of all values,
/// lines that look like IMAP.
enum SampleMessages {
    static func varied(count: Int) -> [[UInt8]] {
        (0..<count).map { index in
            var message = Array("From: a\(index)@example.com\r\nSubject: message \(index)\r\n\r\n".utf8)
            switch index % 7 {
            case 0: break
            case 1: message += Array("A\(index) OK done\r\n* BYE\r\n) {12}\r\n".utf8)
            case 2: message += (0..<(16_384 - index)).map { UInt8(33 + $0 % 90) } + [13, 10]
            case 3: message += [UInt8](128...255) + [13, 10]
            case 4: message += Array(String(repeating: "請求書\r\n", count: index * 40).utf8)
            case 5: message += Array(String(repeating: "x", count: 70_000).utf8)
            default: message += Array("\r\n\r\n\r\n".utf8)
            }
            return message
        }
    }
}

extension DovecotServer {
    func configuration(
        _ security: IMAPConfiguration.Security,
        host: String = "localhost",
        trust: IMAPConfiguration.Trust? = nil
    ) -> IMAPConfiguration {
        IMAPConfiguration(
            host: host,
            port: security == .tls ? imapsPort : imapPort,
            security: security,
            trust: trust ?? .certificates(pem: certificate.pem),
            isAddressAllowed: { _ in true }
        )
    }
}

extension ScriptedIMAPServer {
    func configuration(
        _ security: IMAPConfiguration.Security = .none,
        trust: IMAPConfiguration.Trust = .system,
        limits: IMAPLimits = IMAPLimits(),
        responseTimeout: TimeAmount = .seconds(60),
        commandTimeout: TimeAmount = .minutes(10)
    ) -> IMAPConfiguration {
        IMAPConfiguration(
            host: host,
            port: port,
            security: security,
            trust: trust,
            responseTimeout: responseTimeout,
            commandTimeout: commandTimeout,
            limits: limits,
            isAddressAllowed: { _ in true }
        )
    }
}

/// Signs in as the user that tests have.
@discardableResult
nonisolated(nonsending) func withIMAPConnection<Result: Sendable>(
    _ configuration: IMAPConfiguration,
    username: String = "alice",
    password: String = "secret",
    authorizeAs: String? = nil,
    _ body: nonisolated(nonsending) (IMAPConnection) async throws -> Result
) async throws -> Result {
    try await withIMAPConnection(
        configuration,
        credentials: .password(username: username, password: password, authorizeAs: authorizeAs),
        logger: Logger(label: "test"),
        body
    )
}
