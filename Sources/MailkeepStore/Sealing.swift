import Foundation
import MailkeepKeys

/// Seals and opens the columns that must not be readable on disk (design decision 9).
struct Sealing: Sendable {
    let columns: Sealer
    let credentials: Sealer

    /// Seals `value` as JSON; `context` binds it to its place, so that a box moved to another row does not open.
    func seal(_ value: some Encodable, with sealer: KeyPath<Sealing, Sealer>, context: String) throws -> Data {
        try self[keyPath: sealer].seal(JSONEncoder().encode(value), context: context)
    }

    /// Seals what is kept of a mail.
    func seal(_ message: FetchedMessage) throws -> SealedMessage {
        SealedMessage(
            entry: message.entry,
            content: message.content,
            size: message.size,
            date: message.date,
            receivedAt: message.receivedAt,
            flags: message.flags,
            cameAt: message.cameAt,
            hasAttachment: !message.summary.attachments.isEmpty,
            summary: try columns.seal(message.summary.encoded, context: Self.context(of: message.content.key))
        )
    }

    /// Opens a mail's summary, or a part of it, which `read` takes out of its encoded form.
    func openSummary<Value>(_ sealed: Data, of content: Data, _ read: (Data) throws -> Value) throws -> Value {
        try open(sealed, with: \.columns, context: Self.context(of: content), read)
    }

    private static func context(of content: Data) -> String { "message/\(content.base64EncodedString())" }

    /// Opens what `seal` made.
    func open<Value: Decodable>(
        _ type: Value.Type,
        _ sealed: Data,
        with sealer: KeyPath<Sealing, Sealer>,
        context: String
    ) throws -> Value {
        try open(sealed, with: sealer, context: context) { try JSONDecoder().decode(type, from: $0) }
    }

    private func open<Value>(
        _ sealed: Data,
        with sealer: KeyPath<Sealing, Sealer>,
        context: String,
        _ read: (Data) throws -> Value
    ) throws -> Value {
        do {
            return try read(self[keyPath: sealer].open(sealed, context: context))
        } catch {
            throw StoreError(.sealed, "a sealed column does not open (\(context))", cause: error)
        }
    }
}
