/// How many mails of a folder were seen, and what became of them: a line of a backup's certificate.
///
/// Encoded it has the API's and the manifest's names.
package struct FolderCounts: Sendable, Equatable, Codable {
    package var name: String
    /// On the server when the folder was read; nil when it was not reached this time.
    package var onServer: Int?
    /// Seen in the folder as it is numbered now; what was seen under an earlier UIDVALIDITY is not counted.
    package var considered = 0
    /// Of these, no longer on the server; with those that are, they are all that were seen.
    package var removed = 0
    /// Stored, skipped for one of the reasons below, or, where the mailbox was not read to the end, still to be read.
    package var associated = 0
    package var stored = 0
    /// Stored under an earlier UIDVALIDITY, or from another source of the same folder, and not among `stored`.
    package var storedBefore = 0
    package var vanished = 0
    package var tooLarge = 0
    package var unreadable = 0
    package var excluded: FolderExclusion?

    package init(name: String, onServer: Int? = nil, excluded: FolderExclusion? = nil) {
        self.name = name
        self.onServer = onServer
        self.excluded = excluded
    }

    /// Mails that are associated and not stored, each with its reason.
    package var skipped: Int { vanished + tooLarge + unreadable }

    private enum CodingKeys: String, CodingKey {
        case name
        case onServer = "on_server"
        case considered
        case removed
        case associated
        case stored
        case storedBefore = "stored_before"
        case vanished
        case tooLarge = "too_large"
        case unreadable
        case excluded
    }
}

/// Why a folder was not read (design decision 6).
package enum FolderExclusion: String, Sendable, Codable, CaseIterable {
    case junk
    case drafts
    case notSelectable = "not_selectable"
    case unreadable
}
