import AsyncHTTPClient
package import Foundation
package import NIOCore
import NIOHTTP1
import NIOSSL

/// Posts signed documents to webhooks.
///
/// Each post has a connection of its own, to an address that was checked after the name was resolved. Nothing is
/// followed, nothing of an answer but its status is looked at, and certificates are verified.
package struct WebhookClient: Sendable {
    private let limit: Duration
    private let certificates: String?
    private let isAllowed: @Sendable (SocketAddress) -> Bool

    /// - Parameters:
    ///   - limit: how long a post may take in all.
    ///   - certificates: PEM that is trusted in place of the system's.
    ///   - isAllowed: whether a receiver may have an address.
    package init(
        limit: Duration = .seconds(15),
        certificates: String? = nil,
        isAllowed: @escaping @Sendable (SocketAddress) -> Bool
    ) {
        self.limit = limit
        self.certificates = certificates
        self.isAllowed = isAllowed
    }

    /// Posts a JSON document.
    ///
    /// - Parameter attempt: counted from 0; of several addresses each attempt takes the next.
    /// - Returns: the status of the answer, from 200 to 299.
    /// - Throws: `DeliveryError`, `CancellationError`.
    package func post(
        _ body: Data,
        to address: WebhookAddress,
        headers: [(name: String, value: String)],
        attempt: Int
    ) async throws -> Int {
        let status: Int
        do {
            status = try await withThrowingTaskGroup(of: Int?.self) { group in
                group.addTask { try await send(body, to: address, headers, attempt: attempt) }
                group.addTask { [limit] in
                    try await Task.sleep(for: limit)
                    return nil
                }
                defer { group.cancelAll() }
                guard let status = try await group.next() ?? nil else { throw DeliveryError(.timeout) }
                return status
            }
        } catch {
            try Task.checkCancellation()
            throw Self.failure(error)
        }
        guard (200..<300).contains(status) else { throw DeliveryError(.status, status: status) }
        return status
    }

    private func send(
        _ body: Data,
        to address: WebhookAddress,
        _ headers: [(name: String, value: String)],
        attempt: Int
    ) async throws -> Int {
        let addresses = try await address.addresses(isAllowed)
        guard let target = addresses[attempt % addresses.count].ipAddress else { throw DeliveryError(.network) }
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        if let certificates {
            tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(certificates.utf8)))
        }
        var settings = HTTPClient.Configuration(
            tlsConfiguration: tls,
            redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(10)),
            decompression: .disabled
        )
        settings.httpVersion = .http1Only
        // What is connected to is what was checked: the name is not resolved once more.
        settings.dnsOverride = [address.host: target]
        var request = HTTPClientRequest(url: address.url.absoluteString)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        request.headers.add(name: "User-Agent", value: "Mailkeep")
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        request.body = .bytes(ByteBuffer(bytes: body))
        let asked = request
        return try await HTTPClient.withHTTPClient(configuration: settings) { client in
            Int(try await client.execute(asked, deadline: .distantFuture).status.code)
        }
    }

    private static func failure(_ error: any Error) -> DeliveryError {
        switch error {
        case let error as DeliveryError: error
        case let error as HTTPClientError where error == .connectTimeout: DeliveryError(.timeout)
        case NIOSSLError.handshakeFailed, NIOSSLError.unableToValidateCertificate: DeliveryError(.certificate)
        case let error as NIOSSLExtraError where error == .failedToValidateHostname: DeliveryError(.certificate)
        case is HTTPParserError: DeliveryError(.answer)
        default: DeliveryError(.connect)
        }
    }
}
