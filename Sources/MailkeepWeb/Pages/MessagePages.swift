import Foundation
import HTTPTypes
import Hummingbird
import MailkeepApp
import MailkeepModel

/// A message: on a record's page, or under "My mail".
struct MessagePages {
    let site: Site

    func add(to router: some RouterMethods<SignedInContext>) {
        add(to: router, under: "/records/{module}/{id}/emails/{message}") {
            MessageSource.record(try RecordPages.key($0))
        }
        add(to: router, under: "/mail/{message}") { .ownMail(of: $0.user.id) }
    }

    private func add(
        to router: some RouterMethods<SignedInContext>,
        under path: RouterPath,
        _ source: @escaping @Sendable (SignedInContext) throws -> MessageSource
    ) {
        router.get(path) { _, context in
            try await page(of: Self.message(context), at: try source(context), for: context)
        }
        router.get(path.appendingPath("html")) { request, context in
            try await html(of: Self.message(context), at: try source(context), request, for: context)
        }
        router.get(path.appendingPath("raw")) { _, context in
            let (message, source) = (Self.message(context), try source(context))
            // Refused before the first byte goes out.
            let shown = try await site.mailkeep.perform(ShowMessage(message, at: source), as: context.caller)
            return Response(
                download: "\(shown.email.message_id).eml",
                type: "message/rfc822",
                length: Int(exactly: shown.email.size)
            ) { write in
                switch source {
                case .record(let record):
                    let action = ReadMessage(record: record, message: message) { try await write($0) }
                    _ = try await site.mailkeep.perform(action, as: context.caller)
                case .ownMail(let owner):
                    let action = ReadOwnMessage(owner: owner, message: message) { try await write($0) }
                    _ = try await site.mailkeep.perform(action, as: context.caller)
                }
            }
        }
        router.get(path.appendingPath("attachments/{part}")) { _, context in
            let part = context.parameters.get("part") ?? ""
            let action = ReadAttachment(part, of: Self.message(context), at: try source(context))
            let attachment = try await site.mailkeep.perform(action, as: context.caller)
            let name = attachment.name ?? "attachment-\(part)"
            // What the sender says it is may be what a browser would show: it is only ever saved.
            return Response(download: name, type: "application/octet-stream", length: attachment.bytes.count) {
                try await $0(attachment.bytes)
            }
        }
    }

    private static func message(_ context: SignedInContext) -> MessageID {
        MessageID(orNone: context.parameters.get("message"))
    }

    static func address(of source: MessageSource) -> String {
        switch source {
        case .record(let record): "\(RecordPages.address(record))/emails"
        case .ownMail: MyMailPage.address
        }
    }

    private func page(
        of message: MessageID,
        at source: MessageSource,
        for context: SignedInContext
    ) async throws -> Response {
        let shown = try await site.mailkeep.perform(ShowMessage(message, at: source), as: context.caller)
        let content = MessagePage(shown, at: source, Presenter(context))
        return try await site.render(.message, title: content.subject, content, for: context)
    }

    /// The HTML of a mail, which is hostile: on its own, in a sandbox, without anything from elsewhere (decision 19).
    private func html(
        of message: MessageID,
        at source: MessageSource,
        _ request: Request,
        for context: SignedInContext
    ) async throws -> Response {
        let shown = try await site.mailkeep.perform(ShowMessage(message, at: source), as: context.caller)
        guard let html = try await site.mailkeep.perform(ReadMessageHTML(message, at: source), as: context.caller)
        else { throw Refusal(.v1) }
        var images: [String: String] = [:]
        for attachment in shown.attachments {
            guard let id = attachment.content_id, InlineImages.types.contains(attachment.content_type) else { continue }
            images[id] = try site.inlineAddress(of: attachment.path, message, at: source, for: context.user.id)
        }
        var response = Response(html: HostileHTML(html).safe(images: images))
        let imageSource = "\(site.origin(of: request))\(InlineImages.prefix)"
        response.headers[.contentSecurityPolicy] = """
            sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src \(imageSource); \
            style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'
            """
        if let referrerPolicy = HTTPField.Name("Referrer-Policy") { response.headers[referrerPolicy] = "no-referrer" }
        return response
    }
}
