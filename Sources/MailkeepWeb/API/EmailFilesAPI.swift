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

    /// Refuses what names nothing like what may not be seen.
    init(_ text: String) throws {
        let words = text.split(separator: "-", maxSplits: 3).map(String.init)
        guard words.count == 4, let module = Module(rawValue: words[0]), let id = Identifier<RecordKey>(words[1]),
            let message = MessageID(words[2])
        else { throw Refusal(.v1) }
        record = RecordKey(module: module, id: id)
        self.message = message
        part = words[3]
    }

    var text: String { "\(record.module.rawValue)-\(record.id)-\(message)-\(part)" }
}

/// Attachments and inline images of mails, streamed.
struct EmailFilesAPI {
    let site: Site

    func add(to routes: APIRoutes) {
        routes.get("/files", .of(.files)) { _, context in
            guard let id = context.query["id"] else { throw APIFault(.missing, parameter: "id") }
            return try await file(try EmailFile(id), context)
        }
        for name in ["download_attachments", "download_inline_images"] {
            routes.get("/{module}/{id}/Emails/actions/\(name)", .of(.emails)) { _, context in
                let record = try context.record()
                guard let id = context.query["id"] else { throw APIFault(.missing, parameter: "id") }
                let message: MessageID? = try context.optionalID("message_id")
                let file = try EmailFile(id)
                guard file.record == record, message.map({ $0 == file.message }) ?? true else { throw Refusal(.v1) }
                return try await self.file(file, context)
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
