import MailConnection
import NIOCore
import POP3Client
import TestSupport
import Testing

/// Against a Dovecot of the test's own.
@Suite("A real POP3 server", .timeLimit(.minutes(10)))
struct RealServerTests {
    private static let mails: [[UInt8]] = (0..<120).map { index in
        var text = "From: a\(index)@example.com\r\nSubject: message \(index)\r\n\r\n"
        switch index % 5 {
        case 0: text += ".\r\n..\r\n...\r\n.dot\r\n"
        case 1: text += String(repeating: "請求書\r\n", count: index * 40)
        case 2: text += String(repeating: "x", count: 70_000) + "\r\n"
        case 3: text += "\r\n\r\n.\r\n+OK\r\n-ERR\r\n"
        default: text += "short\r\n"
        }
        return Array(text.utf8)
    }

    @Test(
        "Listing, headers and bodies come over as the server has them, in every kind of security, and stay there",
        arguments: [MailEndpoint.Security.none, .startTLS, .tls]
    )
    func reads(security: MailEndpoint.Security) async throws {
        try await withDovecot { server in
            try server.deliver(Self.mails, user: "alice")
            for _ in 0..<2 {
                try await withPOP3Connection(server.pop3(security)) { connection in
                    #expect(connection.capabilities.offers("UIDL") && connection.capabilities.offers("PIPELINING"))
                    let listed = try await connection.list()
                    #expect(listed.map(\.number) == Array(1...120))
                    #expect(Set(listed.compactMap(\.uniqueID)).count == 120)
                    let (bodies, refused) = try await connection.messages(listed.map(\.number))
                    #expect(refused.isEmpty)
                    #expect(bodies.sorted { $0.key < $1.key }.map(\.value) == Self.mails)
                    #expect(listed.map { Int($0.size) } == Self.mails.map(\.count))
                    var headers: [UInt32: String] = [:]
                    _ = try await connection.headers(of: [120, 3]) { header in
                        #expect(header.isWhole && header.size == nil)
                        headers[header.number] = String(buffer: header.bytes)
                    }
                    let expected = { (index: Int) in
                        "From: a\(index)@example.com\r\nSubject: message \(index)\r\n"
                    }
                    #expect(headers == [120: expected(119), 3: expected(2)])
                }
            }
            #expect(try server.exactMessages(user: "alice").count == 120)
            #expect(try !server.flags(user: "alice").values.contains { $0.contains("Deleted") })
        }
    }

    @Test("A wrong password is told from a server that cannot be reached")
    func wrongPassword() async throws {
        try await withDovecot { server in
            await #expect(throws: POP3Error(.authenticationFailed, "")) {
                try await withPOP3Connection(server.pop3(.tls), password: "wrong") { _ in }
            }
            await server.pause()
            await #expect(throws: POP3Error(.connection(.connectionFailed), "")) {
                try await withPOP3Connection(server.pop3(.tls)) { _ in }
            }
        }
    }

    @Test("A master user opens another's mailbox; credentials too long for one line come after a challenge")
    func masterUser() async throws {
        let master = DovecotServer.User("master", password: String(repeating: "geheim", count: 40))
        try await withDovecot(masterUser: master) { server in
            try server.deliver([Self.mails[4]], user: "alice")
            let count = try await withPOP3Connection(
                server.pop3(.tls),
                username: master.name,
                password: master.password,
                authorizeAs: "alice"
            ) { try await $0.list().count }
            #expect(count == 1)
        }
    }

    @Test("A certificate that is not trusted is refused, and told why")
    func certificate() async throws {
        try await withDovecot { server in
            for security in [MailEndpoint.Security.tls, .startTLS] {
                let error = await #expect(throws: POP3Error.self) {
                    try await withPOP3Connection(server.pop3(security, trust: .system)) { _ in }
                }
                #expect(error?.code == .connection(.certificateInvalid) && error?.certificateProblem == .untrusted)
            }
        }
    }
}
