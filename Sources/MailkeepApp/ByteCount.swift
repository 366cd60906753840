import Foundation

/// A number of bytes for people: 1 kB = 1000 bytes.
package struct ByteCount: Sendable {
    private let bytes: Int64

    package init(_ bytes: Int64) {
        self.bytes = bytes
    }

    /// With at most one decimal, in decimal units.
    package var text: String {
        let units = ["kB", "MB", "GB", "TB"]
        guard bytes >= 1000 else { return "\(bytes) B" }
        var value = Double(bytes) / 1000
        var unit = 0
        while value >= 999.95, unit < units.count - 1 {
            value /= 1000
            unit += 1
        }
        return
            "\(value.formatted(.number.precision(.fractionLength(1)).locale(.init(identifier: "en")))) \(units[unit])"
    }
}
