import Foundation
import MailVault
package import MailkeepModel
import MailkeepStore
import MailkeepSync

/// Where a message is looked at: the same message may be seen in one place and not in another.
package enum MessageSource: Sendable, Equatable {
    /// On a record's page (V1–V4).
    case record(RecordKey)
    /// Under "My mail" of an active user (V0).
    case ownMail(of: UserID)

    /// What reading it is called in the audit log.
    var action: AuditedAction {
        switch self {
        case .record(let record): AuditedAction(name: "emails.read", target: record.description)
        case .ownMail(let owner): AuditedAction(name: "own_emails.read", user: owner)
        }
    }

    var record: RecordKey? {
        if case .record(let record) = self { record } else { nil }
    }
}

extension ReadTransaction {
    /// A message as somebody may see it there; refuses absent and forbidden alike (V1).
    ///
    /// - Parameter owner: in whose mailboxes it is to be seen on a record; nil for anybody's.
    func message(
        _ message: MessageID,
        at source: MessageSource,
        in owner: UserID? = nil,
        for actor: User
    ) throws -> VisibleMessage {
        let visible: VisibleMessage?
        switch source {
        case .record(let record): visible = try visibleMessage(message, on: record, to: actor.id, in: owner)
        case .ownMail(let owner):
            guard VisibilityPolicy.seesUnderMyMail(viewerIsOwner: actor.id == owner, ownerIsActive: true) else {
                throw Refusal(.v1)
            }
            visible = try ownMessage(message, of: actor.id)
        }
        guard let visible else { throw Refusal(.v1) }
        return visible
    }
}

extension Mailkeep {
    /// Reads as much of a message into memory as is shown of one, and has `body` make something of it.
    ///
    /// Of large ones only a few are in memory at once.
    ///
    /// - Parameter body: gets the raw bytes, and whether there are more of them than are shown.
    func withRawMessage<Result: Sendable>(
        _ message: VisibleMessage,
        _ body: (_ raw: Data, _ isCut: Bool) throws -> Result
    ) async throws -> Result {
        guard message.size > Self.smallMessage else { return try withBeginning(of: message, body) }
        return try await largeMessages.withTurn { try withBeginning(of: message, body) }
    }

    private func withBeginning<Result>(
        of message: VisibleMessage,
        _ body: (_ raw: Data, _ isCut: Bool) throws -> Result
    ) throws -> Result {
        let raw = try vault.beginning(of: message.content, limit: Self.largestShownMessage)
        return try body(raw, message.size > Int64(raw.count))
    }

    private static let smallMessage = 8 << 20
    private static let largestShownMessage = 64 << 20
}

extension Vault {
    /// The first bytes of the content that a row names, at most `limit`; with fewer, they are known to be all of it.
    fileprivate func beginning(of content: ContentLocation, limit: Int) throws -> Data {
        var data = Data()
        let reader = try makeReader(content)
        while data.count < limit, let piece = try reader.next() { data.append(piece.prefix(limit - data.count)) }
        return data
    }
}
