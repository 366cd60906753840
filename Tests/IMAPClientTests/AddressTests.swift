import IMAPClient
import Logging
import MailConnection
import NIOCore
import Synchronization
import TestSupport
import Testing

@Suite("Addresses", .timeLimit(.minutes(10)))
struct AddressTests {
    @Test(
        "The address that is asked about is the one behind any notation",
        arguments: [
            "127.0.0.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "::ffff:127.0.0.1", "::FFFF:7f00:1",
            "localhost",
        ]
    )
    func notations(host: String) async throws {
        try await withScriptedIMAPServer([.stall]) { server in
            let asked = Mutex<[String]>([])
            var configuration = server.configuration()
            configuration.host = host
            configuration.isAddressAllowed = { address in
                asked.withLock { $0.append(address.ipAddress ?? "") }
                return false
            }
            await #expect(throws: IMAPError(.addressNotAllowed, "")) {
                try await withIMAPConnection(configuration) { _ in }
            }
            #expect(asked.withLock { $0.contains("127.0.0.1") })
            #expect(server.received.isEmpty)
        }
    }

    @Test(
        "A name without an address and a host that is none are told apart",
        arguments: [
            ("no-such-host.invalid", IMAPError.Code.nameNotResolved), ("", .invalidArgument),
            ("a\r\nb", .invalidArgument),
            ("a b", .invalidArgument),
        ]
    )
    func names(host: String, code: IMAPError.Code) async throws {
        let configuration = IMAPConfiguration(host: host, port: 143, security: .none) { _ in true }
        await #expect(throws: IMAPError(code, "")) { try await withIMAPConnection(configuration) { _ in } }
    }
}
