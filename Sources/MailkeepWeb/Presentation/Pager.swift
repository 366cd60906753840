import Foundation
import MailkeepModel

/// The links to the pages before and after one of a list.
struct Pager {
    let earlier: String?
    let later: String?
    let pageText: String
    /// Whether there is anything to link to.
    let isNeeded: Bool

    /// - Parameters:
    ///   - page: the page that is shown.
    ///   - address: the address of the list with all that was asked for, to which the page's number is added.
    init<Element>(_ page: Page<Element>, _ address: PageAddress, _ presenter: Presenter) {
        earlier = page.number > 1 ? address.with("page", "\(page.number - 1)") : nil
        later = page.hasMore ? address.with("page", "\(page.number + 1)") : nil
        isNeeded = earlier != nil || later != nil
        var pages: Int?
        if let total = page.total { pages = max(1, (total + PageRequest.usualSize - 1) / PageRequest.usualSize) }
        pageText =
            pages.map {
                presenter.wording.text(
                    .pagerOf,
                    ["page": presenter.number(page.number), "pages": presenter.number($0)]
                )
            } ?? presenter.wording.text(.pagerPage, ["page": presenter.number(page.number)])
    }
}

/// An address with what was asked for in its query.
struct PageAddress: Sendable {
    let path: String
    private var fields: [(name: String, value: String)] = []

    init(_ path: String) {
        self.path = path
    }

    /// Adds what was asked for; nothing where it was left empty.
    mutating func add(_ name: String, _ value: String?) {
        if let value, !value.isEmpty { fields.append((name, value)) }
    }

    var text: String { Self.text(path, fields) }

    /// What stands behind the `?`; nil where nothing was asked for.
    var query: String? { fields.isEmpty ? nil : String(text.dropFirst(path.count + 1)) }

    /// The same with one thing asked for otherwise.
    func with(_ name: String, _ value: String) -> String {
        Self.text(path, fields.filter { $0.name != name } + [(name, value)])
    }

    private static func text(_ path: String, _ fields: [(name: String, value: String)]) -> String {
        guard !fields.isEmpty else { return path }
        return path + "?" + fields.map { "\($0.name)=\(encoded($0.value))" }.joined(separator: "&")
    }

    /// Text as a part of an address.
    static func encoded(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
    }
}

/// A column by which a list can be sorted.
struct SortableColumn {
    let columnName: String
    let sortAddress: String
    /// `ascending` or `descending` where the list is sorted by it (aria-sort).
    let sorted: String?
    let mark: String

    init<Key: RawRepresentable & Equatable & Sendable>(
        _ name: String,
        _ key: Key,
        in sorting: Sorting<Key>,
        _ address: PageAddress
    ) where Key.RawValue == String {
        columnName = name
        let isSorted = sorting.key == key
        let next = isSorted && !sorting.isDescending ? "-\(key.rawValue)" : key.rawValue
        sortAddress = address.with("sort", next)
        sorted = isSorted ? (sorting.isDescending ? "descending" : "ascending") : nil
        mark = isSorted ? (sorting.isDescending ? "▼" : "▲") : ""
    }
}

extension Sorting where Key: RawRepresentable, Key.RawValue == String {
    /// Reads `name`, or `-name` for the other direction.
    init?(_ text: String?) {
        guard let text, let key = Key(rawValue: text.hasPrefix("-") ? String(text.dropFirst()) : text) else {
            return nil
        }
        self.init(by: key, isDescending: text.hasPrefix("-"))
    }
}

/// A choice of a select.
struct Choice {
    let choiceValue: String
    let choiceName: String
    let isChosen: Bool

    init(_ value: String, _ name: String, chosen: String?) {
        choiceValue = value
        choiceName = name
        isChosen = value == chosen
    }
}
