import Foundation
import MailMessage
import MailkeepModel
import MailkeepStore
import MailkeepSync

/// The mail that tells an administrator of events of one type, in their language.
struct NotificationMail {
    let events: [Event]
    /// Of those whose backups or mailboxes they are.
    let names: [UserID: String]
    let recipient: User
    /// The bare address of who sends.
    let from: String
    /// Where browsers find the pages.
    let pages: String?

    /// - Parameter now: when it is written.
    func bytes(at now: Timestamp) -> Data {
        let wording = Wording(locale: recipient.locale, on: .page)
        let told = events.map { text(of: $0, wording) }
        let parts = [wording.text(.mailGreeting, ["name": recipient.name])] + told + [wording.text(.mailFooter)]
        let domain = from.split(separator: "@").last.map(String.init) ?? "localhost"
        return OutgoingMail(
            fromName: "Mailkeep",
            from: from,
            toName: recipient.name,
            to: recipient.email,
            subject: subject(wording),
            text: parts.joined(separator: "\n\n") + "\n",
            messageID: "\(events.first?.uid ?? "0").\(recipient.id)@\(domain)",
            seconds: now.rawValue / 1000
        ).bytes
    }

    /// What is said of events of a type.
    private struct Words {
        /// Of one event, and of several.
        var subject: WordingID
        var subjects: WordingID
        var text: WordingID

        init(_ type: String) {
            (subject, subjects, text) =
                switch EventType(rawValue: type) {
                case .backupFailed: (.mailBackupFailedSubject, .mailBackupsFailedSubject, .mailBackupFailed)
                case .userNotBackedUp: (.mailNotBackedUpSubject, .mailNotBackedUpSubjects, .mailNotBackedUp)
                case .connectionNeedsAttention:
                    (.mailConnectionAttentionSubject, .mailConnectionAttentionSubject, .mailConnectionAttention)
                default: (.mailMailboxAttentionSubject, .mailMailboxesAttentionSubject, .mailMailboxAttention)
                }
        }
    }

    private func subject(_ wording: Wording) -> String {
        guard let event = events.first else { return "" }
        let words = Words(event.type)
        return events.count == 1
            ? wording.text(words.subject, ["user": name(event)])
            : wording.text(words.subjects, ["n": "\(events.count)"])
    }

    private func text(of event: Event, _ wording: Wording) -> String {
        var lines = [wording.text(Words(event.type).text, ["user": name(event), "time": event.at.iso8601])]
        let type = EventType(rawValue: event.type)
        if let reason = event.reason {
            switch type {
            case .connectionNeedsAttention: lines.append(wording.connectionAttention(reason))
            case .userNotBackedUp: lines.append(wording.text(.mailNotBackedUpRule, ["rule": reason]))
            default: lines.append(wording.failure(reason, ofBackup: event.backup != nil))
            }
        }
        if let pages, type != .connectionNeedsAttention {
            lines.append(pages + (event.backup.map { "/settings/backups/\($0)" } ?? "/settings/mail-addon-users"))
        }
        return lines.joined(separator: "\n")
    }

    private func name(_ event: Event) -> String { event.user.flatMap { names[$0] } ?? "–" }
}
