/// Which records of a module are asked for, and in which order.
package struct RecordQuery: Sendable, Equatable {
    /// By what the list can be sorted.
    package enum Key: String, Sendable, CaseIterable {
        case name
        /// When the record was last changed.
        case modified
        case id
    }

    package var module: Module
    /// Part of the name or of an address, in any case and width; empty asks for all.
    package var search: String
    /// Only records that were changed after this.
    package var modifiedAfter: Timestamp?
    /// Only records with a higher id.
    package var afterID: Identifier<RecordKey>?
    package var sorting: Sorting<Key>
    package var page: PageRequest

    package init(
        module: Module,
        search: String = "",
        sorting: Sorting<Key> = Sorting(by: .name),
        page: PageRequest = PageRequest()
    ) {
        self.module = module
        self.search = search
        self.sorting = sorting
        self.page = page
    }
}

/// Why somebody may open a record (rules.md, Words), in the order in which it is told.
package enum AssociationGround: String, Sendable, CaseIterable {
    /// The record is theirs.
    case owner
    /// It is shared with them.
    case shared
    /// They stand above the owner in the role hierarchy.
    case superior
    /// They are an administrator, and the organisation has not taken administrators out.
    case administrator
}
