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

    private func subject(_ wording: Wording) -> String {
        let isOfBackups = events.first?.backup != nil
        if let event = events.first, events.count == 1 {
            return wording.text(
                isOfBackups ? .mailBackupFailedSubject : .mailMailboxAttentionSubject,
                ["user": name(event)]
            )
        }
        return wording.text(
            isOfBackups ? .mailBackupsFailedSubject : .mailMailboxesAttentionSubject,
            ["n": "\(events.count)"]
        )
    }

    private func text(of event: Event, _ wording: Wording) -> String {
        let values = ["user": name(event), "time": event.at.iso8601]
        var lines = [wording.text(event.backup == nil ? .mailMailboxAttention : .mailBackupFailed, values)]
        if let reason = event.reason { lines.append(wording.failure(reason, ofBackup: event.backup != nil)) }
        if let pages {
            lines.append(pages + (event.backup.map { "/settings/backups/\($0)" } ?? "/settings/mail-addon-users"))
        }
        return lines.joined(separator: "\n")
    }

    private func name(_ event: Event) -> String { event.user.flatMap { names[$0] } ?? "–" }
}
