/// Which page of a list is asked for.
package struct PageRequest: Sendable, Equatable {
    /// How many entries a page holds where nobody says otherwise.
    package static let usualSize = 50
    /// The most that a page holds.
    package static let maximumSize = 200
    private static let maximumNumber = 1_000_000

    /// From 1.
    package let number: Int
    package let size: Int

    /// Numbers and sizes beyond what is possible are brought within it.
    package init(_ number: Int = 1, size: Int = PageRequest.usualSize) {
        self.number = min(max(number, 1), Self.maximumNumber)
        self.size = min(max(size, 1), Self.maximumSize)
    }

    /// How many entries stand before the page.
    package var offset: Int { (number - 1) * size }
    /// One more than the page holds: by that one it is known that there are more.
    package var limit: Int { size + 1 }

    /// How many entries all pages have, where what was found for this one tells it already.
    package func total(with found: Int) -> Int? {
        found <= size && (found > 0 || offset == 0) ? offset + found : nil
    }
}

/// A page of a list.
package struct Page<Element> {
    package var items: [Element]
    /// From 1.
    package var number: Int
    /// Whether a later page has entries.
    package var hasMore: Bool
    /// How many entries all pages have.
    ///
    /// Nil where it is not counted; what a permission filters never is, as it would tell of what is hidden (V1).
    package var total: Int?

    package init(items: [Element], number: Int = 1, hasMore: Bool = false, total: Int? = nil) {
        self.items = items
        self.number = number
        self.hasMore = hasMore
        self.total = total
    }

    /// The page that was asked for.
    ///
    /// - Parameters:
    ///   - found: up to `request.limit` entries.
    ///   - request: nil where the list was asked for as a whole.
    package init(_ found: [Element], of request: PageRequest?, total: Int? = nil) {
        guard let request else {
            self.init(items: found, total: total)
            return
        }
        self.init(
            items: Array(found.prefix(request.size)),
            number: request.number,
            hasMore: found.count > request.size,
            total: total
        )
    }

    /// The page that was asked for of a list that is there as a whole.
    ///
    /// - Parameter request: nil asks for all of it.
    package init(all: [Element], of request: PageRequest?) {
        self.init(request.map { Array(all.dropFirst($0.offset).prefix($0.limit)) } ?? all, of: request)
    }

    /// The same page of other values.
    package func map<Other>(_ transform: (Element) throws -> Other) rethrows -> Page<Other> {
        Page<Other>(items: try items.map(transform), number: number, hasMore: hasMore, total: total)
    }
}

extension Page: Sendable where Element: Sendable {}
extension Page: Equatable where Element: Equatable {}

/// By what a list is sorted, and in which direction.
package struct Sorting<Key: Sendable & Equatable>: Sendable, Equatable {
    package var key: Key
    package var isDescending: Bool

    package init(by key: Key, isDescending: Bool = false) {
        self.key = key
        self.isDescending = isDescending
    }
}
