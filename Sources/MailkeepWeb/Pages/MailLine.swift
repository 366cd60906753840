import MailkeepApp
import MailkeepModel

/// A message in a list.
struct MailLine {
    let messageAddress: String
    let subject: String
    let correspondent: String
    let isSent: Bool
    let sentAt: Moment?
    let snippet: String
    let attachments: [String]
    let hasAttachments: Bool
    /// Whose mailbox it is seen in, or of whose mailbox a backup; and the same where that is said already.
    let seenIn: String
    let place: String

    /// - Parameter address: of the list that its messages stand under.
    init(_ email: EmailShape, at address: String, _ presenter: Presenter) {
        let wording = presenter.wording
        messageAddress = "\(address)/\(email.message_id)"
        subject = email.subject.isEmpty ? wording.text(.mailNoSubject) : email.subject
        isSent = email.sent
        let people = email.sent ? email.to : email.from.map { [$0] } ?? []
        let separator = presenter.locale == .japanese ? "、" : ", "
        let shown = people.prefix(3).map { $0.user_name.isEmpty ? $0.email : $0.user_name }
        let names = shown.joined(separator: separator) + (people.count > 3 ? " …" : "")
        correspondent = wording.text(email.sent ? .mailTo : .mailFrom, ["name": names.isEmpty ? "-" : names])
        sentAt = presenter.moment(email.time)
        snippet = email.summary
        attachments = email.attachments.prefix(6).map {
            let name = $0.name.isEmpty ? wording.text(.mailUnnamed) : $0.name
            return "\(name) (\(presenter.size(Int64($0.size))))"
        }
        hasAttachments = !attachments.isEmpty
        seenIn =
            email.backup_of.map { wording.text(.mailFromBackup, ["user": $0.name]) }
            ?? wording.text(.mailMailbox, ["user": email.owner.name, "address": email.mailbox])
        place = email.backup_of == nil ? "\(email.owner.name) (\(email.mailbox))" : seenIn
    }
}
