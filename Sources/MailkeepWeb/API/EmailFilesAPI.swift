import Foundation
import Hummingbird
import MailkeepApp
import MailkeepModel

/// What names an attachment of a record's mail: `Contacts-12-345-1.2`.
///
/// It proves nothing: who reads it is asked anew whether they may see the mail (V1).
struct EmailFile {
    let record: RecordKey
    let message: MessageID
    /// Its place in the message, such as `1.2`.
    let part: String

    init(record: RecordKey, message: String, part: String) {
        self.record = record
        self.message = MessageID(message) ?? MessageID(rawValue: 0)
        self.part = part
    }

    /// What names nothing is a part of a record that is not there.
    init(_ text: String) {
        let words = text.split(separator: "-", maxSplits: 3).map(String.init)
        guard words.count == 4, let module = Module(rawValue: words[0]), let id = Identifier<RecordKey>(words[1]) else {
            self.init(record: RecordKey(module: .contacts, id: Identifier(rawValue: 0)), message: "", part: "")
            return
        }
        self.init(record: RecordKey(module: module, id: id), message: words[2], part: words[3])
    }

    var text: String { "\(record.module.rawValue)-\(record.id)-\(message)-\(part)" }
}

/// Attachments and inline images of mails, streamed.
struct EmailFilesAPI {
    let site: Site

    func add(to routes: APIRoutes) {
        routes.get("/files", .of(.files)) { _, context in
            // An attachment is a part of a mail.
            guard context.access.allows(Scope(.emails, .read)) else { throw APIFault(.scope) }
            guard let id = context.query["id"] else { throw APIFault(.missing, parameter: "id") }
            return try await file(EmailFile(id), context)
        }
        for name in ["download_attachments", "download_inline_images"] {
            routes.get("/{module}/{id}/Emails/actions/\(name)", .of(.emails)) { _, context in
                let record = try context.record()
                guard let id = context.query["id"] else { throw APIFault(.missing, parameter: "id") }
                let message: MessageID? = try context.optionalID("message_id")
                let file = EmailFile(id)
                let isOfPath = file.record == record && message.map { $0 == file.message } ?? true
                return try await self.file(isOfPath ? file : EmailFile(""), context)
            }
        }
    }

    /// What the sender says it is may be what a browser would show: it is only ever saved.
    private func file(_ file: EmailFile, _ context: APIContext) async throws -> Response {
        let action = ReadAttachment(file.part, of: file.message, at: .record(file.record))
        let attachment = try await site.mailkeep.perform(action, as: context.caller)
        return Response(
            download: attachment.name ?? "attachment-\(file.part)",
            type: "application/octet-stream",
            length: attachment.bytes.count
        ) { try await $0(attachment.bytes) }
    }
}
