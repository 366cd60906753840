import NIOCore
import NIOPosix

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Turns a host into the addresses that are then checked and connected to, so that no second look-up lies between.
enum AddressResolver {
    /// The host's addresses in the order to try them.
    ///
    /// Numbers in any notation (`2130706433`, `0x7f.1`, `::ffff:127.0.0.1`) come out as the address they stand for.
    static func addresses(host: String, port: Int, timeout: TimeAmount) async throws -> [SocketAddress] {
        guard !host.isEmpty, host.utf8.count <= 255, !host.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }),
            let port = UInt16(exactly: port), port > 0
        else { throw ConnectionError(.invalidArgument, "the host or the port cannot be one") }
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        let answer = loop.makePromise(of: [SocketAddress].self)
        let limit = loop.scheduleTask(in: timeout) {
            answer.fail(ConnectionError(.timeout, "the server's name was not resolved in time"))
        }
        answer.futureResult.whenComplete { _ in limit.cancel() }
        NIOThreadPool.singleton.submit { state in
            answer.completeWith(Result { state == .active ? try lookUp(host, port) : [] })
        }
        let addresses = try await withTaskCancellationHandler {
            try await answer.futureResult.get()
        } onCancel: {
            answer.fail(CancellationError())
        }
        guard !addresses.isEmpty else { throw ConnectionError(.nameNotResolved, "the server's name has no address") }
        return addresses
    }

    /// Whether the host is an address in some notation rather than a name.
    static func isNumeric(_ host: String) -> Bool {
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICHOST
        var list: UnsafeMutablePointer<addrinfo>?
        defer { if let list { freeaddrinfo(list) } }
        return getaddrinfo(host, nil, &hints, &list) == 0
    }

    private static func lookUp(_ host: String, _ port: UInt16) throws -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = streamSocket
        var list: UnsafeMutablePointer<addrinfo>?
        defer { if let list { freeaddrinfo(list) } }
        guard getaddrinfo(host, String(port), &hints, &list) == 0 else { return [] }
        var addresses: [SocketAddress] = []
        var next = list
        while let entry = next?.pointee {
            if let address = socketAddress(of: entry, host: host), !addresses.contains(address) {
                addresses.append(address)
            }
            next = entry.ai_next
        }
        return addresses
    }

    private static var streamSocket: CInt {
        #if canImport(Glibc)
        CInt(SOCK_STREAM.rawValue)
        #else
        SOCK_STREAM
        #endif
    }

    private static func socketAddress(of entry: addrinfo, host: String) -> SocketAddress? {
        guard let pointer = entry.ai_addr else { return nil }
        let raw = UnsafeRawPointer(pointer)
        let length = Int(entry.ai_addrlen)
        if entry.ai_family == AF_INET, length >= MemoryLayout<sockaddr_in>.size {
            return SocketAddress(raw.loadUnaligned(as: sockaddr_in.self), host: host)
        }
        guard entry.ai_family == AF_INET6, length >= MemoryLayout<sockaddr_in6>.size else { return nil }
        let address = raw.loadUnaligned(as: sockaddr_in6.self)
        return mappedIPv4(address) ?? SocketAddress(address, host: host)
    }

    /// The IPv4 address in `::ffff:a.b.c.d` (RFC 4291, 2.5.5.2).
    private static func mappedIPv4(_ address: sockaddr_in6) -> SocketAddress? {
        let bytes = withUnsafeBytes(of: address.sin6_addr) { Array($0) }
        guard bytes.count == 16, bytes[..<10].allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF else {
            return nil
        }
        let text = bytes[12...].map(String.init).joined(separator: ".")
        return try? SocketAddress(ipAddress: text, port: Int(UInt16(bigEndian: address.sin6_port)))
    }
}
