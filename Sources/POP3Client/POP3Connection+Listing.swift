/// A message as a server lists it.
package struct POP3ListedMessage: Sendable, Equatable {
    /// Its place in the mailbox, from 1, as long as the connection lasts.
    package let number: UInt32
    /// In bytes, as the server says.
    package let size: UInt64
    /// What names it in every session (RFC 1939, 7), or, with servers that err, several; nil where the server has no
    /// such thing.
    package let uniqueID: String?
}

extension POP3Connection {
    /// Lists the mailbox, ascending, in two commands (`LIST` and `UIDL`).
    ///
    /// - Throws: ``POP3Error``; of code `commandRefused` where the server refuses to list at all.
    package nonisolated(nonsending) func list() async throws -> [POP3ListedMessage] {
        var sizes: [UInt32: UInt64] = [:]
        var uniqueIDs: [UInt32: String] = [:]
        let commands: [POP3Command] = [.list, .uniqueIDs]
        try await pipeline(commands) { index, status in
            guard status.isOK else {
                // Servers without UIDL are read all the same.
                guard commands[index] == .uniqueIDs else { throw POP3Error(refusing: commands[index], status) }
                return
            }
            while let piece = try await nextPiece() {
                guard case .line(let line) = piece, let (number, value) = Self.entry(line) else {
                    throw POP3Error(.invalidResponse, "a line of a listing has no number")
                }
                if commands[index] == .list {
                    sizes[number] = UInt64(value.prefix { $0 != " " }) ?? 0
                } else if !value.isEmpty {
                    uniqueIDs[number] = value
                }
            }
        }
        return sizes.map { POP3ListedMessage(number: $0.key, size: $0.value, uniqueID: uniqueIDs[$0.key]) }
            .sorted { $0.number < $1.number }
    }

    /// Reads `17 whatever`.
    private static func entry(_ line: String) -> (number: UInt32, value: String)? {
        let digits = line.prefix { $0 != " " }
        guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = UInt32(digits), number > 0 else {
            return nil
        }
        return (number, String(line[digits.endIndex...].drop { $0 == " " }))
    }
}
