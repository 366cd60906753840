/// A set of unique identifiers as ascending ranges that neither touch nor overlap (RFC 9051, 9: sequence-set).
///
/// It is never spread out, so that `1:4294967295` costs as much as `1`.
package struct IMAPUIDSet: Sendable, Equatable {
    package private(set) var ranges: [ClosedRange<UInt32>] = []

    package init() {}

    package init(_ uids: some Sequence<UInt32>) {
        self.init(ranges: uids.map { $0...$0 })
    }

    package init(ranges: some Sequence<ClosedRange<UInt32>>) {
        let ascending = ranges.sorted { $0.lowerBound < $1.lowerBound }
        for range in ascending {
            if let last = self.ranges.last, last.upperBound == .max || range.lowerBound <= last.upperBound + 1 {
                self.ranges[self.ranges.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                self.ranges.append(range)
            }
        }
    }

    package var isEmpty: Bool { ranges.isEmpty }

    /// How many identifiers the ranges span; it cannot overflow, as all of them are below 2^32.
    package var count: UInt64 {
        ranges.reduce(0) { $0 + UInt64($1.upperBound - $1.lowerBound) + 1 }
    }

    package func contains(_ uid: UInt32) -> Bool {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < uid { low = middle + 1 } else { high = middle }
        }
        return low < ranges.count && ranges[low].lowerBound <= uid
    }

    /// The part of the set that lies within `bounds`.
    package func clamped(to bounds: ClosedRange<UInt32>) -> IMAPUIDSet {
        var clamped = IMAPUIDSet()
        clamped.ranges = ranges.filter { $0.overlaps(bounds) }.map { $0.clamped(to: bounds) }
        return clamped
    }

    /// The set cut into sets of at most `maximum` ranges, in order.
    package func split(rangesPerSet maximum: Int) -> [IMAPUIDSet] {
        stride(from: 0, to: ranges.count, by: max(1, maximum)).map { start in
            var part = IMAPUIDSet()
            part.ranges = Array(ranges[start..<min(ranges.count, start + max(1, maximum))])
            return part
        }
    }
}

extension IMAPUIDSet: CustomStringConvertible {
    /// The set as it is written in a command: `1:3,5`.
    package var description: String {
        ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound):\($0.upperBound)" }
            .joined(separator: ",")
    }
}
