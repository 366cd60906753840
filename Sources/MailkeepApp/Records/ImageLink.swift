import Foundation
import MailkeepKeys
package import MailkeepModel

/// A link to an image of a message that works without signing in: for one viewer, and for ten minutes.
package struct ImageLink: Sendable, Equatable {
    package let viewer: UserID
    package let source: MessageSource
    package let message: MessageID
    /// Its place in the message, such as `1.2`.
    package let part: String

    package init(viewer: UserID, source: MessageSource, message: MessageID, part: String) {
        self.viewer = viewer
        self.source = source
        self.message = message
        self.part = part
    }

    fileprivate struct Sealed: Codable {
        let viewer: Int64
        var module: String?
        var record: Int64?
        let message: Int64
        let part: String
        let until: Int64
    }

    fileprivate static let context = "image"
    fileprivate static let milliseconds: Int64 = 600_000
}

extension Mailkeep {
    /// A link as it goes into an address.
    package func text(of link: ImageLink) throws -> String {
        var sealed = ImageLink.Sealed(
            viewer: link.viewer.rawValue,
            message: link.message.rawValue,
            part: link.part,
            until: clock().advanced(byMilliseconds: ImageLink.milliseconds).rawValue
        )
        if case .record(let record) = link.source {
            sealed.module = record.module.rawValue
            sealed.record = record.id.rawValue
        }
        let sealer = keys.sealer(for: .link)
        return try sealer.seal(JSONEncoder().encode(sealed), context: ImageLink.context).urlSafeBase64
    }

    /// Reads a link; nil where it is none of ours, or has run out.
    package func imageLink(_ text: String) -> ImageLink? {
        guard text.utf8.count < 2000, let box = Data(urlSafeBase64: text),
            let opened = try? keys.sealer(for: .link).open(box, context: ImageLink.context),
            let sealed = try? JSONDecoder().decode(ImageLink.Sealed.self, from: opened),
            sealed.until > clock().rawValue
        else { return nil }
        let viewer = UserID(rawValue: sealed.viewer)
        var source = MessageSource.ownMail(of: viewer)
        if let record = sealed.record {
            guard let module = sealed.module.flatMap({ Module(rawValue: $0) }) else { return nil }
            source = .record(RecordKey(module: module, id: Identifier(rawValue: record)))
        }
        return ImageLink(
            viewer: viewer,
            source: source,
            message: MessageID(rawValue: sealed.message),
            part: sealed.part
        )
    }
}
