import IMAPCore
import NIOCore

extension IMAPConnection {
    /// Sends one command and reads up to its end, whatever that is.
    nonisolated(nonsending) func perform(
        _ command: IMAPCommand,
        onResponse: (IMAPResponse) throws -> Void = { _ in }
    ) async throws -> IMAPStatus {
        let tag = nextTag()
        let parts = try encode(command, tag: tag)
        return try await converse {
            for part in parts.dropLast() {
                try await send(part)
                if let status = try await awaitContinuation(of: tag) { return status }
            }
            for part in parts.suffix(1) { try await send(part) }
            while true {
                guard case .response(let response) = try await nextFragment() else { continue }
                if case .tagged(tag, let status) = response { return status }
                try onResponse(response)
            }
        }
    }

    /// Sends one command and throws unless its end is `OK`.
    @discardableResult
    nonisolated(nonsending) func require(
        _ command: IMAPCommand,
        onResponse: (IMAPResponse) throws -> Void = { _ in }
    ) async throws -> IMAPStatus {
        let status = try await perform(command, onResponse: onResponse)
        guard status.condition == .ok else { throw IMAPError(refusing: command, status) }
        return status
    }

    /// Sends commands of which each is one part, `depth` of them ahead, and passes on all that is no end of one.
    ///
    /// - Parameter onEnd: is given a command's place among the commands and how it ended.
    nonisolated(nonsending) func pipeline(
        _ commands: [IMAPCommand],
        depth: Int = 2,
        onFragment: nonisolated(nonsending) (IMAPFragment) async throws -> Void,
        onEnd: (Int, IMAPStatus) throws -> Void
    ) async throws {
        var encoded: [(tag: String, bytes: ByteBuffer)] = []
        for command in commands {
            let tag = nextTag()
            for part in try encode(command, tag: tag) { encoded.append((tag, part)) }
        }
        try await converse {
            var sent = 0
            var ended = 0
            while ended < encoded.count {
                while sent < encoded.count, sent - ended < depth {
                    try await send(encoded[sent].bytes)
                    sent += 1
                }
                let fragment = try await nextFragment()
                guard case .response(.tagged(let tag, let status)) = fragment else {
                    try await onFragment(fragment)
                    continue
                }
                guard encoded[ended].tag == tag else {
                    throw IMAPError(.invalidResponse, "the server answered out of turn")
                }
                try onEnd(ended, status)
                ended += 1
            }
        }
    }

    /// Reads up to `+`; if the command ends before, returns how.
    nonisolated(nonsending) func awaitContinuation(of tag: String) async throws -> IMAPStatus? {
        while true {
            switch try await nextFragment() {
            case .response(.continuation): return nil
            case .response(.tagged(tag, let status)): return status
            default: continue
            }
        }
    }

    func encode(_ command: IMAPCommand, tag: String) throws -> [ByteBuffer] {
        do { return try encoder.encode(command, tag: tag) } catch { throw IMAPError.wrapping(error) }
    }
}
