package import Foundation

/// A mailbox of varied business mail in Japanese and English, the same for the same seed.
///
/// Addresses stand in all the places and forms in which customer mail carries them, and near misses where none counts.
package struct SampleMailbox: Sendable {
    /// The messages of all folders, oldest first; some are copies of earlier ones in another folder.
    package var messages: [SampleMessage]

    /// Makes `count` messages of the mailbox of `owner`.
    ///
    /// About `associatedFraction` of them (0 to 1) carry one of `contacts`, the rest only `strangers`, of which some are
    /// made up where there are none.
    package init(
        owner: String,
        contacts: [String],
        strangers: [String],
        count: Int,
        seed: UInt64,
        associatedFraction: Double
    ) {
        var random = SeededRandom(seed: seed)
        let people = SamplePeople(owner: owner, contacts: contacts, strangers: strangers)
        messages = []
        for index in 0..<max(0, count) {
            if !messages.isEmpty, random.chance(0.06) {
                let original = messages[messages.count - 1 - random.below(min(40, messages.count))]
                let others = (SampleFolder.incoming + [SampleFolder.trash]).filter { $0 != original.folder }
                messages.append(original.copied(to: random.pick(others)))
                continue
            }
            let isAssociated = !contacts.isEmpty && random.chance(associatedFraction)
            var composer = SampleComposer(people: people, index: index, random: random)
            messages.append(
                composer.compose(isAssociated: isAssociated, earlier: messages.last { $0.messageID != nil })
            )
            random = composer.random
        }
    }
}

/// One copy of a message in a folder.
package struct SampleMessage: Sendable {
    /// The folder's name, levels separated by `/`.
    package var folder: String
    /// The bytes as the mail server holds them, with CRLF.
    package var raw: [UInt8]
    /// All addresses in From, Sender, Reply-To, To, Cc and Bcc: in lower case, domains as A-labels.
    package var correspondents: Set<String>
    /// Whether a contact is among the correspondents; the folder does not matter.
    package var isAssociated: Bool
    /// When the server received it, in whole seconds.
    package var internalDate: Date
    /// What Message-ID says, with its angle brackets; nil where there is none.
    package var messageID: String?

    /// The same bytes in another folder.
    func copied(to folder: String) -> SampleMessage {
        var copy = self
        copy.folder = folder
        return copy
    }
}

/// The folders of a sample mailbox.
package enum SampleFolder {
    package static let inbox = "INBOX"
    package static let sent = "Sent"
    package static let invoices = "請求書"
    package static let archive = "Archive/2025"
    package static let trash = "Trash"
    package static let junk = "Junk"
    package static let drafts = "Drafts"

    /// All of them.
    package static let all = [inbox, sent, invoices, archive, trash, junk, drafts]
    static let incoming = [inbox, invoices, archive]
}
