import Foundation
import Hummingbird
import MailkeepApp
import MailkeepModel

/// `/{module}/{id}/Emails`: a record's mail as the caller may see it, and sharing one's own (V).
struct EmailsAPI {
    /// Mails of one call.
    private static let pageSize = 10

    let site: Site

    func add(to routes: APIRoutes) {
        routes.get("/{module}/{id}/Emails", .of(.emails)) { _, context in try await list(context) }
        routes.get("/{module}/{id}/Emails/{message}", .of(.emails)) { _, context in try await one(context) }
        routes.get("/{module}/{id}/__emails_sharing_details", .of(.emails)) { _, context in
            let sharing = try await site.mailkeep.perform(
                ShowEmailSharing(record: try context.record()),
                as: context.caller
            )
            return try Response(json: ["__emails_sharing_details": [sharing]])
        }
        for (name, isShared) in [("share_emails", true), ("unshare_emails", false)] {
            routes.post("/{module}/{id}/actions/\(name)", .of(.emails), .update) { _, context in
                let record = try context.record()
                let answers = try await context.each([record], path: { _ in nil }) {
                    try await share($0, isShared, context)
                }
                return try Response("data", answers: answers)
            }
            routes.post("/{module}/actions/\(name)", .of(.emails), .update) { request, context in
                let module = try context.module()
                let ids: [Identifier<RecordKey>] = try await request.jsonIDs(most: 200)
                let answers = try await context.each(ids, path: { _ in nil }) {
                    try await share(RecordKey(module: module, id: $0), isShared, context)
                }
                return try Response("data", answers: answers)
            }
        }
    }

    /// Which of a record's mails a list is of, as the CRM names it; only those of mailboxes are kept here.
    private enum EmailType: String {
        case user = "user_emails"
        case allContactsSentByCRM = "all_contacts_sent_crm_emails"
        case sentByCRM = "sent_from_crm"
        case scheduled = "scheduled_in_crm"
        case drafts
    }

    private struct Info: Encodable {
        var count: Int
        var next_index: String?
        var prev_index: String?
        var per_page = EmailsAPI.pageSize
        var more_records: Bool
    }

    private func list(_ context: APIContext) async throws -> Response {
        let offset = try context.number("index") ?? 0
        guard offset >= 0, offset % Self.pageSize == 0, offset <= 1_000_000 else {
            throw APIFault(.value, parameter: "index")
        }
        var action = ListRecordEmails(
            record: try context.record(),
            page: PageRequest(offset / Self.pageSize + 1, size: Self.pageSize)
        )
        action.owner = try context.optionalID("owner_id")
        let type = try context.choice("type", EmailType.self) ?? .user
        let found = try await site.mailkeep.perform(action, as: context.caller)
        guard type == .user, !found.items.isEmpty else { return Response(status: .noContent) }
        let info = Info(
            count: found.items.count,
            next_index: found.hasMore ? "\(offset + Self.pageSize)" : nil,
            prev_index: offset > 0 ? "\(offset - Self.pageSize)" : nil,
            more_records: found.hasMore
        )
        return try Response(
            json: KeyedDocument(["Emails": AnyEncodable(found.items), "info": AnyEncodable(info)])
        )
    }

    private func one(_ context: APIContext) async throws -> Response {
        let record = try context.record()
        let message: MessageID = context.id("message")
        var action = ShowMessage(message, at: .record(record))
        action.owner = try context.optionalID("user_id")
        let shown = try await site.mailkeep.perform(action, as: context.caller)
        var html: String?
        if shown.has_html {
            let action = ReadMessageHTML(message, at: .record(record))
            html = try await site.mailkeep.perform(action, as: context.caller)
        }
        return try Response("Emails", [EmailDocument(shown, html: html, on: record)])
    }

    private func share(_ record: RecordKey, _ isShared: Bool, _ context: APIContext) async throws -> ActionAnswer {
        let action = ShareEmails(owner: context.user.id, record: record, isShared: isShared)
        let result = try await site.mailkeep.perform(action, as: context.caller)
        let words: WordingID = result == .unchanged ? .okUnchanged : isShared ? .okShare : .okUnshare
        return ActionAnswer(.init(id: "\(record.id)"), message: context.wording.text(words))
    }
}

/// One mail with its content.
private struct EmailDocument: Encodable {
    struct Attachment: Encodable {
        var id: String
        var name: String
        var content_type: String
        var size: Int
        var inline: Bool
        var content_id: String?
    }

    let email: EmailShape
    let content: String
    let isHTML: Bool
    let attachments: [Attachment]
    let message: MessageShape

    /// - Parameter html: the text as HTML, as it was sent, which is not to be trusted.
    init(_ message: MessageShape, html: String?, on record: RecordKey) {
        self.message = message
        email = message.email
        content = html ?? message.text
        isHTML = html != nil
        attachments = message.attachments.map {
            Attachment(
                id: EmailFile(record: record, message: message.email.message_id, part: $0.path).text,
                name: $0.name ?? "",
                content_type: $0.content_type,
                size: $0.size,
                inline: $0.inline,
                content_id: $0.content_id
            )
        }
    }

    private enum CodingKeys: String, CodingKey {
        case content
        case mail_format
        case attachments
        case reply_to
        case bcc
        case text
        case internet_message_id
        case authentication_results
        case header
        case visible_in
    }

    func encode(to encoder: any Encoder) throws {
        try email.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(content, forKey: .content)
        try container.encode(isHTML ? "html" : "text", forKey: .mail_format)
        try container.encode(attachments, forKey: .attachments)
        try container.encodeIfPresent(message.reply_to.first, forKey: .reply_to)
        try container.encode(message.bcc, forKey: .bcc)
        try container.encode(message.text, forKey: .text)
        try container.encodeIfPresent(message.internet_message_id, forKey: .internet_message_id)
        try container.encodeIfPresent(message.authentication_results, forKey: .authentication_results)
        try container.encode(message.header, forKey: .header)
        try container.encode(message.visible_in, forKey: .visible_in)
    }
}
