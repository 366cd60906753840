import Foundation
import Glibc
import Logging
import Synchronization

/// Writes one line per event to standard error.
struct LineLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level
    private let format: LogFormat

    private static let lock = Mutex(())
    /// RFC 3339, in UTC, to the millisecond.
    private static let timestamp = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

    init(logLevel: Logger.Level, format: LogFormat) {
        self.logLevel = logLevel
        self.format = format
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let line = format.line(
            time: Date.now.formatted(Self.timestamp),
            level: event.level,
            message: "\(event.message)",
            metadata.merging(event.metadata ?? [:]) { $1 }
        )
        Self.lock.withLock { _ in
            var bytes = Array(line.utf8)[...]
            while !bytes.isEmpty {
                let written = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
                guard written > 0 || errno == EINTR else { return }
                bytes = bytes.dropFirst(max(written, 0))
            }
        }
    }
}
