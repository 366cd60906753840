import Crypto
import Foundation
import MailMessage
import MailkeepKeys
import MailkeepModel
import MailkeepStore
import NIOCore
import POP3Client

/// A POP3 mailbox as it stands in one session.
struct POP3Listing {
    struct Message {
        let uid: UInt32
        /// Its place in the mailbox, for this session.
        let number: UInt32
        /// In bytes, as the server says.
        let size: UInt64
    }

    /// By UID, ascending.
    private let messages: [Message]
    let uidNext: UInt32

    init(_ messages: [Message], highestUID: UInt32) {
        self.messages = messages.sorted { $0.uid < $1.uid }
        uidNext = highestUID == .max ? .max : highestUID + 1
    }

    var count: Int { messages.count }

    func messages(in range: ClosedRange<UInt32>) -> ArraySlice<Message> {
        let lower = messages.partitionIndex { $0.uid >= range.lowerBound }
        let upper = messages[lower...].partitionIndex { $0.uid > range.upperBound }
        return messages[lower..<upper]
    }
}

/// Gives the mails of a POP3 mailbox UIDs that stay theirs.
///
/// What names a mail is the server's unique id (RFC 1939, 7). Where it has none, or several mails share one, it is the
/// header, which is read for that in every session, with the mail's size: a server that took the mail wrote into it when,
/// and mostly as which one (`Received`). A header that does not tell is no name; then it is all of the mail's bytes.
/// Equal mails are told apart by counting. Only keyed hashes of the names are kept.
struct POP3Numbers {
    private let store: Store
    private let keys: KeyRing
    private let mailbox: MailboxID?

    init(_ source: POP3Source) {
        (store, keys, mailbox) = (source.store, source.keys, source.mailbox)
    }

    /// New mails per transaction.
    private static let batch = 2000

    /// Lists a mailbox, and gives mails UIDs that have none.
    nonisolated(nonsending) func list(_ connection: POP3Connection, uidValidity: UInt32) async throws -> POP3Listing {
        let listed = try await connection.list()
        let identities = try await identities(of: listed, connection)
        let uids = try await uids(of: identities, uidValidity: uidValidity)
        let messages = zip(listed, identities).compactMap { message, identity in
            uids[identity].map { POP3Listing.Message(uid: $0, number: message.number, size: message.size) }
        }
        return POP3Listing(messages, highestUID: uids.values.max() ?? 0)
    }

    private nonisolated(nonsending) func uids(
        of identities: [Data],
        uidValidity: UInt32
    ) async throws -> [Data: UInt32] {
        guard let mailbox else {
            return Dictionary(zip(identities, 1...), uniquingKeysWith: { first, _ in first })
        }
        let known = try await store.read { try $0.pop3UIDs(of: mailbox, uidValidity: uidValidity) }
        let new = identities.filter { known[$0] == nil }
        guard !new.isEmpty else { return known }
        for start in stride(from: 0, to: new.count, by: Self.batch) {
            let batch = new[start..<min(start + Self.batch, new.count)]
            try await store.write {
                try $0.assignPOP3UIDs(to: batch, of: mailbox, uidValidity: uidValidity)
            }
        }
        return try await store.read { try $0.pop3UIDs(of: mailbox, uidValidity: uidValidity) }
    }

    private nonisolated(nonsending) func identities(
        of listed: [POP3ListedMessage],
        _ connection: POP3Connection
    ) async throws -> [Data] {
        var uses: [String: Int] = [:]
        for case let id? in listed.lazy.map(\.uniqueID) { uses[id, default: 0] += 1 }
        let unnamed = listed.filter { message in message.uniqueID.map { uses[$0] != 1 } ?? true }
        let contents = try await contents(of: unnamed, connection)
        var seen: [Data: Int] = [:]
        return listed.map { message in
            let name: Data
            if let content = contents[message.number] {
                name = content
            } else if let id = message.uniqueID, uses[id] == 1 {
                name = key("id", Array(id.utf8))
            } else {
                // It cannot be read, which is noted under a UID of its own.
                name = key("refused", Array("\(message.number) \(message.size)".utf8))
            }
            let count = seen[name, default: 0]
            seen[name] = count + 1
            return count == 0 ? name : key("copy \(count)", Array(name))
        }
    }

    /// Keyed hashes of what tells mails apart, by number: of their headers where these do, and of whole mails elsewhere.
    private nonisolated(nonsending) func contents(
        of messages: [POP3ListedMessage],
        _ connection: POP3Connection
    ) async throws -> [UInt32: Data] {
        let sizes = Dictionary(messages.map { ($0.number, $0.size) }, uniquingKeysWith: { first, _ in first })
        var contents: [UInt32: Data] = [:]
        // One first: a server without `TOP` sends all of a mail for its header.
        for numbers in [messages.prefix(1), messages.dropFirst()].map({ $0.map(\.number) }) {
            var comesAlone = false
            _ = try await connection.headers(of: numbers) { header in
                comesAlone = header.size == nil
                guard comesAlone, header.isWhole, let size = sizes[header.number],
                    ReceivedDate.newest(in: header.bytes.readableBytesView) != nil
                else { return }
                contents[header.number] = key("header \(size)", Array(header.bytes.readableBytesView))
            }
            guard comesAlone else { break }
        }
        let unclear = messages.map(\.number).filter { contents[$0] == nil }
        _ = try await connection.retrieve(unclear) { message in
            var hash = SHA256()
            for try await chunk in message.chunks {
                chunk.withUnsafeReadableBytes { hash.update(bufferPointer: $0) }
            }
            contents[message.number] = key("content", Array(hash.finalize()))
        }
        return contents
    }

    private func key(_ kind: String, _ name: [UInt8]) -> Data {
        let digest = SHA256.hash(data: Array("pop3 \(kind)\0".utf8) + name)
        return Data(keys.contentKey(sha256: Array(digest)).prefix(16))
    }
}

extension RandomAccessCollection {
    /// The first index at which a condition holds that, from there on, always does.
    fileprivate func partitionIndex(_ holds: (Element) -> Bool) -> Index {
        var (lower, upper) = (startIndex, endIndex)
        while lower < upper {
            let middle = index(lower, offsetBy: distance(from: lower, to: upper) / 2)
            if holds(self[middle]) { upper = middle } else { lower = index(after: middle) }
        }
        return lower
    }
}
