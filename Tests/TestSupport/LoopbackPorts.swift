import Foundation
import Synchronization

/// Ports of 127.0.0.1.
package enum LoopbackPorts {
    /// Given out by this process so far.
    private static let given = Mutex<Set<Int>>([])

    /// Ports that nobody listens on, all different, and never the same again.
    ///
    /// They lie below those that the system gives to connections, which could come and go in between.
    package static func free(_ count: Int) throws -> [Int] {
        try (0..<count).map { _ in
            for _ in 0..<1000 {
                let port = Int.random(in: 12_000..<32_000)
                guard given.withLock({ $0.insert(port).inserted }), try isFree(port) else { continue }
                return port
            }
            throw POSIXError(.EADDRINUSE)
        }
    }

    static func accepts(_ port: Int) -> Bool {
        guard let descriptor = try? open(port) else { return false }
        close(descriptor)
        return true
    }

    static func open(_ port: Int) throws -> CInt {
        let descriptor = socket(AF_INET, streamSocket, 0)
        guard descriptor >= 0 else { throw POSIXError(.EMFILE) }
        let result = withLoopback(port) { connect(descriptor, $0, $1) }
        guard result == 0 else {
            close(descriptor)
            throw POSIXError(.ECONNREFUSED)
        }
        return descriptor
    }

    private static func isFree(_ port: Int) throws -> Bool {
        let descriptor = socket(AF_INET, streamSocket, 0)
        guard descriptor >= 0 else { throw POSIXError(.EMFILE) }
        defer { close(descriptor) }
        return withLoopback(port) { bind(descriptor, $0, $1) } == 0
    }

    private static func withLoopback(_ port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt) -> CInt {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(truncatingIfNeeded: port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
    }

    private static var streamSocket: CInt {
        #if canImport(Glibc)
        CInt(SOCK_STREAM.rawValue)
        #else
        SOCK_STREAM
        #endif
    }
}
