import Foundation
import NIOCore
import TestSupport
import Testing

@testable import Delivery

@Suite("Posting to webhooks")
struct WebhookClientTests {
    private static let headers = WebhookSignature(key: WebhookSignature.makeKey())
        .headers(id: "msg_1", seconds: 1, body: Data())

    private static func post(
        to port: Int,
        scheme: String = "http",
        host: String = "127.0.0.1",
        limit: Duration = .seconds(60),
        certificates: String? = nil,
        isAllowed: @escaping @Sendable (SocketAddress) -> Bool = { _ in true }
    ) async throws -> Int {
        let address = try #require(WebhookAddress("\(scheme)://\(host):\(port)/token"))
        let client = WebhookClient(limit: limit, certificates: certificates, isAllowed: isAllowed)
        return try await client.post(Data("{}".utf8), to: address, headers: headers, attempt: 0)
    }

    @Test(
        "Whatever is not from 200 to 299 is a failure, and nothing is followed",
        arguments: [302, 400, 410, 429, 500]
    )
    func statuses(status: Int) async throws {
        try await withFakeProvider { server async throws in
            server.change { $0.manner = .status(status, "") }
            await #expect(throws: DeliveryError(.status, status: status)) { try await Self.post(to: server.port) }
            server.change { $0.manner = .status(202, "") }
            #expect(try await Self.post(to: server.port) == 202)
            #expect(server.now.requests == 2)
        }
    }

    @Test("Of an answer without end nothing but its status is waited for")
    func endless() async throws {
        try await withFakeProvider { server async throws in
            server.change { $0.manner = .endless }
            #expect(try await Self.post(to: server.port) == 200)
            server.change { $0.manner = .drip }
            #expect(try await Self.post(to: server.port) == 200)
        }
    }

    @Test("A receiver that does not answer is given up after a while, and one that speaks no HTTP at once")
    func noAnswer() async throws {
        try await withFakeProvider { server async throws in
            server.change { $0.manner = .silence }
            await #expect(throws: DeliveryError(.timeout)) {
                try await Self.post(to: server.port, limit: .milliseconds(300))
            }
            server.change { $0.manner = .noHTTP("220 mail.example ESMTP\r\n\r\n") }
            await #expect(throws: DeliveryError(.answer)) { try await Self.post(to: server.port) }
        }
    }

    @Test("By TLS the certificate must be trusted, and be for the receiver's name, whatever address that has")
    func certificates() async throws {
        let certificate = try TestCertificate(names: ["DNS:localhost"])
        try await withFakeProvider(certificate: certificate) { server async throws in
            server.change { $0.manner = .status(204, "") }
            let post = { (host: String, certificates: String?) in
                try await Self.post(to: server.port, scheme: "https", host: host, certificates: certificates) {
                    $0.ipAddress == "127.0.0.1"
                }
            }
            #expect(try await post("localhost", certificate.pem) == 204)
            await #expect(throws: DeliveryError(.certificate)) { try await post("localhost", nil) }
            await #expect(throws: DeliveryError(.certificate)) { try await post("127.0.0.1", certificate.pem) }
        }
    }

    @Test(
        "An address that is not allowed is not connected to, however it is written",
        arguments: ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]", "LOCALHOST"]
    )
    func networks(host: String) async throws {
        try await withFakeProvider { server async throws in
            await #expect(throws: DeliveryError(.network)) {
                try await Self.post(to: server.port, scheme: "https", host: host) { _ in false }
            }
            #expect(server.now.requests == 0)
        }
    }

    @Test("Without TLS only this machine itself is told anything")
    func plain() async throws {
        await #expect(throws: DeliveryError(.network)) { try await Self.post(to: 9, host: "192.0.2.1") }
    }

    @Test(
        "What is no address of a receiver is refused",
        arguments: [
            "", "example.com", "ftp://example.com/", "https://", "https:///x", "https://a:b@example.com/",
            "https://example.com/#part", "https://example.com:0/", "https://example.com:70000/", "https://例え.jp/",
            "https://exa mple.com/", "https://example.com/\r\nX: y", "https://[::1%25lo]/", "unix:///run/x.sock",
            "http+unix://x/", "https://example.com/" + String(repeating: "a", count: 2000),
        ]
    )
    func addresses(text: String) {
        #expect(WebhookAddress(text)?.url == nil)
    }
}
