import Foundation

/// The plainest reader of IMAP there can be, to check the real one against: it waits, and believes the server.
final class BlockingIMAP {
    struct Answer {
        /// The response's text, without its literal.
        var line: String
        var literal: [UInt8]
    }

    private let descriptor: CInt
    private var received: [UInt8] = []
    private var position = 0
    private var count = 0

    init(port: Int) throws {
        descriptor = try LoopbackPorts.open(port)
        _ = try line()
    }

    deinit {
        close(descriptor)
    }

    /// Sends a command and returns the untagged answers; throws unless it ends with `OK`.
    @discardableResult
    func command(_ text: String) throws -> [Answer] {
        count += 1
        let bytes = Array("t\(count) \(text)\r\n".utf8)
        guard write(descriptor, bytes, bytes.count) == bytes.count else { throw POSIXError(.EIO) }
        var answers: [Answer] = []
        while true {
            var answer = Answer(line: try line(), literal: [])
            if answer.line.hasPrefix("t\(count) ") {
                guard answer.line.hasPrefix("t\(count) OK") else {
                    throw Program.Failure(description: "the server refused: \(answer.line)")
                }
                return answers
            }
            while let match = answer.line.firstMatch(of: #/\{(\d+)\}$/#), let length = Int(match.1) {
                answer.literal = try take(length)
                answer.line = answer.line[..<match.range.lowerBound] + "literal" + (try line())
            }
            answers.append(answer)
        }
    }

    private func line() throws -> String {
        var searched = 0
        while true {
            if let end = received[(position + searched)...].firstIndex(of: UInt8(ascii: "\n")) {
                defer { position = end + 1 }
                return String(decoding: received[position..<end].filter { $0 != UInt8(ascii: "\r") }, as: UTF8.self)
            }
            searched = received.count - position
            try fill()
        }
    }

    private func take(_ length: Int) throws -> [UInt8] {
        while received.count - position < length { try fill() }
        defer { position += length }
        return Array(received[position..<(position + length)])
    }

    private func fill() throws {
        if position > 0 {
            received.removeFirst(position)
            position = 0
        }
        var chunk = [UInt8](repeating: 0, count: 1 << 17)
        let count = read(descriptor, &chunk, chunk.count)
        guard count > 0 else { throw POSIXError(.ECONNRESET) }
        received += chunk[..<count]
    }
}

/// Ports of 127.0.0.1.
enum LoopbackPorts {
    /// Ports that nobody listens on, all different.
    static func free(_ count: Int) throws -> [Int] {
        let descriptors = try (0..<count).map { _ in try listener() }
        defer { for descriptor in descriptors { close(descriptor) } }
        return try descriptors.map { descriptor in
            var address = sockaddr_in()
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let result = withUnsafeMutablePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
            }
            guard result == 0 else { throw POSIXError(.EIO) }
            return Int(UInt16(bigEndian: address.sin_port))
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

    private static func listener() throws -> CInt {
        let descriptor = socket(AF_INET, streamSocket, 0)
        guard descriptor >= 0 else { throw POSIXError(.EMFILE) }
        guard withLoopback(0, { bind(descriptor, $0, $1) }) == 0 else { throw POSIXError(.EADDRINUSE) }
        return descriptor
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
