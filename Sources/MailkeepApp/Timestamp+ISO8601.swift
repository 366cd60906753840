import Foundation
package import MailkeepModel

extension Timestamp {
    /// A day (its beginning in UTC) or a moment with offset, in ISO 8601; nil where it is neither.
    package init?(iso8601 text: String) {
        let whole = text.contains("T") ? text : text + "T00:00:00Z"
        let styles = [false, true].map { Date.ISO8601FormatStyle(includingFractionalSeconds: $0) }
        guard let date = styles.lazy.compactMap({ try? Date(whole, strategy: $0) }).first,
            let milliseconds = Int64(exactly: (date.timeIntervalSince1970 * 1000).rounded())
        else { return nil }
        self.init(rawValue: milliseconds)
    }
}
