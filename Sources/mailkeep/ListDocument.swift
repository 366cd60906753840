import MailkeepApp
import MailkeepModel

/// A document that holds a list under the key of its kind.
struct ListDocument<Item: Encodable>: Encodable {
    typealias Key = DocumentKey

    let key: Key
    let items: [Item]
    let info: PageInfo?

    /// The document `{"key":[…],"info":{…}}`, of what there is.
    init(of key: Key, _ items: [Item]) {
        self.init(of: key, Page(items: items), nil)
    }

    /// The same of a page.
    ///
    /// - Parameters:
    ///   - request: nil where the page is the whole list.
    ///   - linking: how far older mail is linked.
    init(of key: Key, _ page: Page<Item>, _ request: PageRequest?, linking: LinkingShape? = nil) {
        self.key = key
        items = page.items
        info = PageInfo(page, request, linking: linking)
    }

    private struct AnyKey: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: AnyKey.self)
        try container.encode(items, forKey: AnyKey(stringValue: key.rawValue))
        try container.encodeIfPresent(info, forKey: AnyKey(stringValue: "info"))
    }
}

/// What became of each thing that was acted on: `{"key":[…]}`.
typealias ActionList = ListDocument<ActionShape>

extension ListDocument where Item == ActionShape {
    init(_ key: Key, _ actions: [ActionShape]) {
        self.key = key
        items = actions
        info = nil
    }
}

/// What documents of lists are keyed by.
enum DocumentKey: String {
    case auditLog = "audit_log"
    case mailAddonUsers = "mail_addon_users"
    case users
    case backups
    case records
    case keys
    case holds
    case retention
    case erasures
    case tokens
    case connection
    case webhooks
    case deliveries
}
