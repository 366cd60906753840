package import Foundation
import MailMessage
package import MailVault
package import MailkeepKeys
package import MailkeepStore

extension ContentLocation {
    /// The row that names an entry of the vault.
    package init(_ id: VaultEntryID, at location: VaultLocation) {
        self.init(
            key: Data(id.bytes),
            segment: location.segment,
            offset: location.offset,
            length: location.length
        )
    }
}

extension SegmentVault {
    /// Opens the vault of a data directory, of which `store` has the facts.
    package convenience init(in directory: URL, keys: KeyRing, store: Store) throws {
        try self.init(
            in: directory,
            keys: keys,
            durable: store.newestLocation().map(VaultLocation.init),
            index: { id in try store.location(of: Data(id.bytes)).map(VaultLocation.init) }
        )
    }
}

extension DurableContent {
    /// The rows that name what was stored.
    package init(_ content: StoredContent) {
        self.init(
            Part(ContentLocation(content.id, at: content.location), isNew: content.isNew),
            parts: content.parts.map { Part(ContentLocation($0.id, at: $0.location), isNew: $0.isNew) }
        )
    }
}

extension VaultLocation {
    /// The place in the vault that a row names.
    package init(_ location: ContentLocation) {
        self.init(segment: location.segment, offset: location.offset, length: location.length)
    }
}

extension Vault {
    /// Reads the content that a row names, in chunks; `VaultError` as for `read`.
    package func read(_ content: ContentLocation, _ onChunk: (UnsafeRawBufferPointer) throws -> Void) throws {
        guard let id = VaultEntryID(bytes: content.key) else {
            throw VaultError(.damaged, "The database names content by a key of a wrong length.")
        }
        try read(id, at: VaultLocation(content), onChunk)
    }

    /// Begins to read the content that a row names, at the caller's own pace.
    package func makeReader(_ content: ContentLocation) throws -> any VaultReader {
        guard let id = VaultEntryID(bytes: content.key) else {
            throw VaultError(.damaged, "The database names content by a key of a wrong length.")
        }
        return try makeReader(id, at: VaultLocation(content))
    }

    /// Reads the content that a row names as a whole; throws `tooLarge` above `limit` bytes.
    package func readAll(_ content: ContentLocation, limit: Int) throws -> Data {
        guard let id = VaultEntryID(bytes: content.key) else {
            throw VaultError(.damaged, "The database names content by a key of a wrong length.")
        }
        return try readAll(id, at: VaultLocation(content), limit: limit)
    }
}

extension MessageSummary {
    /// What lists show of a message that was read.
    init(_ message: Message, sha256: Data) {
        self.init(
            sha256: sha256,
            messageID: message.header.messageID,
            subject: message.header.subject,
            from: message.header.from.map(Party.init),
            to: message.header.to.map(Party.init),
            cc: message.header.cc.map(Party.init),
            snippet: message.snippet(),
            attachments: message.attachments.map {
                Attachment(name: $0.fileName, contentType: $0.contentType, size: $0.size)
            }
        )
    }
}

extension MessageSummary.Party {
    init(_ address: EmailAddress) {
        self.init(name: address.displayName, address: address.address)
    }
}
