/// How many mails of a folder were seen, and what became of them: a line of a backup's certificate.
///
/// Encoded it has the API's and the manifest's names; docs/operations.md says what adds up to what.
package struct FolderCounts: Sendable, Equatable, Codable {
    package var name: String
    /// On the server when the folder was read; nil when it was not reached this time, 0 when it is not there any more.
    package var onServer: Int?
    /// Seen in the folder as it is numbered now; what was seen under an earlier UIDVALIDITY is not counted.
    package var considered = 0
    /// Of these, no longer on the server; with those that are, they are all that were seen.
    package var removed = 0
    /// Of these, associated with records when the backup was taken, or held by it from an earlier one: stored, or not for
    /// one of the reasons below.
    package var associated = 0
    /// Of these, held by the backup.
    package var stored = 0
    /// Of these, equal to another one of the same folder to the byte, so that both are one message.
    package var copies = 0
    /// Messages that the backup holds of this folder from an earlier UIDVALIDITY, or another mailbox or source of the
    /// user's, and that are not among `stored`.
    package var storedBefore = 0
    package var vanished = 0
    package var tooLarge = 0
    package var unreadable = 0
    /// Not read yet: the mailbox was not read to the end, or not since their address came to a record.
    package var notRead = 0
    /// Older than what the organisation keeps: removed, or passed over (R3); nil where there are none.
    package var expired: Int?
    package var excluded: FolderExclusion?

    package init(name: String, onServer: Int? = nil, excluded: FolderExclusion? = nil) {
        self.name = name
        self.onServer = onServer
        self.excluded = excluded
    }

    /// Mails that are associated and not stored, each with its reason.
    package var notStored: Int { vanished + tooLarge + unreadable + notRead + (expired ?? 0) }

    /// Messages of the manifest that name the folder.
    package var messages: Int { stored - copies + storedBefore }

    /// Whether anything is known of the folder's mails.
    package var isCounted: Bool { excluded == nil || considered > 0 || storedBefore > 0 }

    private enum CodingKeys: String, CodingKey {
        case name
        case onServer = "on_server"
        case considered
        case removed
        case associated
        case stored
        case copies
        case storedBefore = "stored_before"
        case vanished
        case tooLarge = "too_large"
        case unreadable
        case notRead = "not_read"
        case expired
        case excluded
    }
}

/// Why a folder was not read (design decision 5).
package enum FolderExclusion: String, Sendable, Codable, CaseIterable {
    case junk
    case drafts
    case notSelectable = "not_selectable"
    case unreadable
}
