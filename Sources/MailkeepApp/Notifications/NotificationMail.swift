import Foundation
import MailMessage
import MailkeepModel
import MailkeepStore
import MailkeepSync

/// The mail that tells an administrator of an event, in their language.
struct NotificationMail {
    let event: Event
    /// Whose backup or mailbox it is.
    let about: User
    let recipient: User
    /// The bare address of who sends.
    let from: String
    /// Where browsers find the pages.
    let pages: String?

    /// - Parameter now: when it is written.
    func bytes(at now: Timestamp) -> Data {
        let wording = Wording(locale: recipient.locale, on: .page)
        let isOfBackup = event.backup != nil
        let reason = event.reason.map { wording.failure($0, ofBackup: isOfBackup) } ?? ""
        let values = ["user": about.name, "time": event.at.iso8601]
        var parts = [
            wording.text(.mailGreeting, ["name": recipient.name]),
            wording.text(isOfBackup ? .mailBackupFailed : .mailMailboxAttention, values),
        ]
        if !reason.isEmpty { parts.append(reason) }
        if let pages {
            let path = event.backup.map { "/settings/backups/\($0)" } ?? "/settings/mail-addon-users"
            parts.append("\(pages)\(path)")
        }
        parts.append(wording.text(.mailFooter))
        return OutgoingMail(
            fromName: "Mailkeep",
            from: from,
            toName: recipient.name,
            to: recipient.email,
            subject: wording.text(isOfBackup ? .mailBackupFailedSubject : .mailMailboxAttentionSubject, values),
            text: parts.joined(separator: "\n\n") + "\n",
            messageID:
                "\(event.uid).\(recipient.id)@\(from.split(separator: "@").last.map(String.init) ?? "localhost")",
            seconds: now.rawValue / 1000
        ).bytes
    }
}
