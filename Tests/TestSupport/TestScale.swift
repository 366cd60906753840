import Foundation

/// How much the tests do that can go on for as long as one likes.
///
/// With `MAILKEEP_TEST_LONG=1`, as `dev/check-long` sets it, they do all of it, otherwise a sample.
package enum TestScale {
    package static let isFull = ProcessInfo.processInfo.environment["MAILKEEP_TEST_LONG"] == "1"

    package static func number(_ usual: Int, inFull full: Int) -> Int { isFull ? full : usual }

    /// Tells a figure, which `dev/check-long` collects from the log.
    package static func tell(_ figure: String) {
        FileHandle.standardError.write(Data("reliability: \(figure)\n".utf8))
    }
}
