package import IMAPCore
package import NIOCore

/// A message on its way to the server.
package struct IMAPOutgoingMessage {
    package let head: IMAPAppendHead
    /// Its next bytes, nil after the last; all together as many as the head says.
    package let next: () throws -> ByteBuffer?

    package init(_ head: IMAPAppendHead, next: @escaping () throws -> ByteBuffer?) {
        self.head = head
        self.next = next
    }
}

/// Where the server says that messages are now (RFC 4315).
package struct IMAPAppended: Sendable, Equatable {
    package let uidValidity: UInt32
    /// In the order of the messages.
    package let uids: [UInt32]
}

extension IMAPConnection {
    /// A larger message is announced before it is sent also where that need not be, so that a server that takes none of
    /// its size says so first.
    private static let announcedSize = 1 << 20
    /// The largest literal that follows at once by `LITERAL-` (RFC 7888, 5).
    private static let shortLiteral = 4096
    /// Bytes handed to the socket at a time.
    private static let piece = 64 << 10

    /// How large a message the server takes, where it says so (RFC 7889).
    package var appendLimit: Int? {
        capabilities.lazy.compactMap { $0.hasPrefix("APPENDLIMIT=") ? Int($0.dropFirst(12)) : nil }.first
    }

    /// Whether several messages can go in one command, all of which are taken or none (RFC 3502).
    package var takesSeveral: Bool { capabilities.contains("MULTIAPPEND") }

    /// The name of a mailbox as this server wants it written (RFC 6855, 3).
    package func mailboxName(_ displayName: String) -> IMAPMailboxName {
        capabilities.contains("UTF8=ONLY")
            ? IMAPMailboxName(bytes: Array(displayName.utf8)) : IMAPMailboxName(displayName: displayName)
    }

    /// Adds messages to a mailbox, none where the server refuses one.
    ///
    /// Their bytes are read as fast as the server takes them. Where reading them fails, the command is left in its middle,
    /// and the connection is of no use any more.
    ///
    /// - Returns: where they are; nil where the server does not tell.
    /// - Throws: ``IMAPError``; after a refusal the connection can be used on. What `next` throws.
    package nonisolated(nonsending) func append(
        _ messages: [IMAPOutgoingMessage],
        to mailbox: IMAPMailboxName
    ) async throws -> IMAPAppended? {
        guard !messages.isEmpty, messages.count == 1 || takesSeveral else {
            throw IMAPError(.invalidArgument, "the server takes one message at a time")
        }
        let command = IMAPCommand.append(mailbox)
        let tag = nextTag()
        let parts = try encode(command, tag: tag)
        let heads: [(bytes: ByteBuffer, isAnnounced: Bool)] = try messages.map { message in
            let isAnnounced = isAnnounced(message.head.size)
            do {
                return (try encoder.encode(message.head, isSynchronizing: isAnnounced), isAnnounced)
            } catch { throw IMAPError.wrapping(error) }
        }
        let status = try await converse {
            for part in parts.dropLast() {
                try await send(part)
                if let status = try await awaitContinuation(of: tag) { return status }
            }
            var pending = parts.last ?? ByteBuffer()
            for (message, head) in zip(messages, heads) {
                pending.writeImmutableBuffer(head.bytes)
                if head.isAnnounced {
                    try await send(pending)
                    pending.clear()
                    if let status = try await awaitContinuation(of: tag) { return status }
                }
                try await write(message, after: &pending)
            }
            pending.writeString("\r\n")
            try await send(pending)
            while true {
                if case .response(.tagged(tag, let status)) = try await nextFragment() { return status }
            }
        }
        guard status.condition == .ok else { throw IMAPError(refusing: command, status) }
        guard case .appendUID(let uidValidity, let uids) = status.code, uids.count == UInt64(messages.count) else {
            return nil
        }
        return IMAPAppended(uidValidity: uidValidity, uids: uids.ranges.flatMap(Array.init))
    }

    /// Sends what is pending and a message, of which the last bytes stay pending.
    private nonisolated(nonsending) func write(
        _ message: IMAPOutgoingMessage,
        after pending: inout ByteBuffer
    ) async throws {
        var left = message.head.size
        while var chunk = try message.next() {
            left -= chunk.readableBytes
            guard left >= 0 else { throw IMAPError(.invalidArgument, "a message is longer than was said") }
            noteMail(chunk)
            while let part = chunk.readSlice(length: min(chunk.readableBytes, Self.piece)), part.readableBytes > 0 {
                pending.writeImmutableBuffer(part)
                guard pending.readableBytes >= Self.piece else { continue }
                try await send(pending)
                pending = ByteBuffer()
            }
        }
        guard left == 0 else { throw IMAPError(.invalidArgument, "a message is shorter than was said") }
    }

    private func isAnnounced(_ size: Int) -> Bool {
        if capabilities.contains("LITERAL+") { return size > Self.announcedSize }
        return encoder.literals == .synchronizing || size > Self.shortLiteral
    }

    /// Makes a mailbox, and has programs show it; that it is there already is no error.
    package nonisolated(nonsending) func create(_ mailbox: IMAPMailboxName) async throws {
        let status = try await perform(.create(mailbox))
        guard status.condition == .ok || status.code?.name == "ALREADYEXISTS" else {
            throw IMAPError(refusing: .create(mailbox), status)
        }
        // Many programs show no others; a server that keeps no list of them loses nothing.
        _ = try await perform(.subscribe(mailbox))
    }

    /// Where the user's own mailboxes are (RFC 9051, 6.3.10): what stands before every name, and between its levels.
    package nonisolated(nonsending) func personalNamespace() async throws -> (prefix: String, delimiter: Character?)? {
        guard offers("NAMESPACE") else { return nil }
        var found: IMAPNamespaces?
        _ = try await perform(.namespace) { if case .namespace(let answer) = $0 { found = answer } }
        return found?.personal.first.map { (IMAPMailboxName(bytes: $0.prefix).displayName, $0.delimiter) }
    }
}
