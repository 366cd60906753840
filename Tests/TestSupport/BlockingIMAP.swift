import Foundation

/// The plainest reader of IMAP there can be, to check the real one against: it waits, and believes the server.
package final class BlockingIMAP {
    package struct Answer {
        /// The response's text, without its literal.
        package var line: String
        package var literal: [UInt8]
    }

    private let descriptor: CInt
    private var received: [UInt8] = []
    private var position = 0
    private var count = 0

    package init(port: Int) throws {
        descriptor = try LoopbackPorts.open(port)
        _ = try line()
    }

    deinit {
        close(descriptor)
    }

    /// Sends a command and returns the untagged answers; throws unless it ends with `OK`.
    @discardableResult
    package func command(_ text: String) throws -> [Answer] {
        count += 1
        let bytes = Array("t\(count) \(text)\r\n".utf8)
        guard write(descriptor, bytes, bytes.count) == bytes.count else { throw POSIXError(.EIO) }
        var answers: [Answer] = []
        while true {
            var answer = Answer(line: try line(), literal: [])
            if answer.line.hasPrefix("t\(count) ") {
                guard answer.line.hasPrefix("t\(count) OK") else {
                    throw SystemProgram.Failure(description: "the server refused: \(answer.line)")
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
