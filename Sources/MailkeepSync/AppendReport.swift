package import Foundation
package import MailkeepModel
package import MailkeepStore

/// A mail that is to be put into a folder of a mailbox.
package struct AppendItem: Sendable {
    package var message: MessageID
    package var sha256: Data
    package var size: Int64
    package var content: ContentLocation
    /// The levels of the folder's name.
    package var folder: [String]
    package var flags: MailFlags
    /// When it came, or was sent; nil leaves it to the server.
    package var datedAt: Timestamp?
    /// Its place among those that it came with.
    var number = 0

    /// The levels of a folder's name, as its source wrote it.
    package static func levels(of name: String, delimiter: Character?) -> [String] {
        AppendNames.levels(of: name, delimiter: delimiter)
    }

    package init(
        message: MessageID,
        sha256: Data,
        size: Int64,
        content: ContentLocation,
        folder: [String],
        flags: MailFlags,
        datedAt: Timestamp?
    ) {
        self.message = message
        self.sha256 = sha256
        self.size = size
        self.content = content
        self.folder = folder
        self.flags = flags
        self.datedAt = datedAt
    }
}

/// What became of mail that was put into a mailbox.
package struct AppendReport: Sendable {
    /// Why a mail was not put there.
    package enum Reason: String, Sendable, CaseIterable {
        /// It is larger than the server takes.
        case tooLarge = "too_large"
        /// The server refuses it.
        case refused
        /// The server refuses its folder.
        case folder
        /// The connection breaks off at it.
        case breaksOff = "breaks_off"
        /// Its stored bytes are damaged.
        case damaged
    }

    package struct Refusal: Sendable {
        package var sha256: Data
        package var folder: String
        package var reason: Reason
        /// The server's own words.
        package var words: String?
    }

    /// Why the rest was left.
    package enum Stop: Sendable {
        /// The mailbox is full.
        case full
        case failure(SyncFailure)
    }

    /// In places: a mail in two folders counts twice.
    package var appended = 0
    package var bytes: Int64 = 0
    /// Were there already.
    package var present = 0
    /// Folders that were made.
    package var folders = 0
    /// Mails that the server took and does not list.
    package var unconfirmed = 0
    package var refusedCount = 0
    /// The first of them.
    package var refusals: [Refusal] = []
    package var stop: Stop?

    package init() {}

    /// Of how many it is known what became of them.
    var total: Int { appended + present + refusedCount }

    private static let mostRefusals = 1000

    mutating func refuse(_ item: AppendItem, _ reason: Reason, in folder: String, _ words: String? = nil) {
        refusedCount += 1
        guard refusals.count < Self.mostRefusals else { return }
        refusals.append(Refusal(sha256: item.sha256, folder: folder, reason: reason, words: words))
    }
}
