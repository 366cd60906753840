import Foundation
import HTTPTypes
import Hummingbird
import MailkeepApp
import MailkeepModel
import NIOCore

/// Images that stand in the HTML of a mail.
///
/// The frame that shows the mail sends no cookies: each image has a short-lived address that proves by itself for whom
/// it was made. Whether they may see the mail is asked anew.
struct InlineImages {
    static let prefix = "/inline/"
    /// What browsers show as an image and cannot run.
    static let types: Set<String> = ["image/png", "image/jpeg", "image/jpg", "image/gif", "image/webp", "image/bmp"]

    let site: Site

    func add(to router: some RouterMethods<VisitContext>) {
        router.get("/inline/{link}") { _, context in
            let link = context.parameters.get("link") ?? ""
            guard let image = site.mailkeep.imageLink(link), context.session.map({ $0.user.id == image.viewer }) ?? true
            else { throw Refusal(.v1) }
            let caller = Caller(user: image.viewer, origin: "web \(context.client)", request: context.request)
            let action = ReadAttachment(image.part, of: image.message, at: image.source)
            let attachment: ReadAttachment.Output
            do {
                attachment = try await site.mailkeep.perform(action, as: caller)
            } catch let error as Refusal where error.rule == .u1 {
                // Who holds a link learns nothing of its user.
                throw Refusal(.v1)
            }
            guard Self.types.contains(attachment.contentType) else { throw Refusal(.v1) }
            return Response(
                status: .ok,
                headers: [
                    .contentType: attachment.contentType,
                    .contentSecurityPolicy: "sandbox; default-src 'none'",
                ],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: attachment.bytes))
            )
        }
    }
}

extension Site {
    /// The address of an inline image, for ten minutes and one viewer.
    func inlineAddress(
        of part: String,
        _ message: MessageID,
        at source: MessageSource,
        for viewer: UserID
    ) throws -> String {
        let link = ImageLink(viewer: viewer, source: source, message: message, part: part)
        return InlineImages.prefix + (try mailkeep.text(of: link))
    }

    /// Where a browser finds this server, as a policy names it.
    func origin(of request: Request) -> String {
        if let publicURL = configuration.publicURL, !publicURL.isEmpty { return configuration.address }
        guard let authority = request.head.authority,
            authority.utf8.allSatisfy({ byte in
                (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
                    || "-.:[]".utf8.contains(byte)
            })
        else { return configuration.address }
        return "\(configuration.certificate == nil ? "http" : "https")://\(authority)"
    }
}
