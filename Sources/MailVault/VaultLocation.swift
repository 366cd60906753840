/// Where an entry lies: all that is needed to read it without a search.
package struct VaultLocation: Sendable, Hashable {
    /// The number of the segment.
    package let segment: Int64
    /// Where the entry begins in the segment, in bytes.
    package let offset: Int64
    /// How many bytes of the segment the entry takes.
    package let length: Int64

    package init(segment: Int64, offset: Int64, length: Int64) {
        self.segment = segment
        self.offset = offset
        self.length = length
    }
}
