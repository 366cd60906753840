package import NIOCore

/// How long a reader waits for one command, however busy the server looks meanwhile.
///
/// Silence alone is the watchdog's matter; here a server is given up that sends a byte now and then, or without end what
/// nobody asked for. Only time in which the reader waits counts, not that in which it stores mail.
package struct Patience {
    private let timeout: TimeAmount
    private let minimumRate: Int
    private let fragmentLimit: Int

    /// In seconds: some decades.
    private static let longest = 1 << 30

    private var waited = TimeAmount.zero
    private var mailBytes = 0
    private var fragments = 0

    /// - Parameter messages: as many as a mailbox may hold; twice as many answers are taken of one command.
    package init(_ endpoint: MailEndpoint, messages: Int) {
        timeout = endpoint.commandTimeout
        minimumRate = max(1, endpoint.minimumRate)
        let (doubled, overflow) = messages.multipliedReportingOverflow(by: 2)
        fragmentLimit = overflow ? .max : doubled
    }

    /// A command begins, or several that are sent ahead.
    package mutating func begin() {
        (waited, mailBytes, fragments) = (.zero, 0, 0)
    }

    /// Bytes came of a message that was asked for.
    package mutating func note(mailBytes count: Int) {
        mailBytes &+= count
    }

    /// The reader waited for so long.
    package mutating func note(waited time: TimeAmount) {
        waited = waited + time
    }

    /// Anything came; throws where it is more than any mailbox explains.
    package mutating func noteFragment() throws {
        fragments += 1
        guard fragments <= fragmentLimit else {
            throw ConnectionError(.limitExceeded, "the server does not stop sending what nobody asked for")
        }
    }

    /// How much longer to wait.
    ///
    /// - Throws: ``ConnectionError`` of code `timeout` where it has been enough.
    package func left() throws -> TimeAmount {
        let more = TimeAmount.seconds(Int64(min(mailBytes / minimumRate, Self.longest)))
        let left = timeout + more - waited
        guard left > .zero else { throw ConnectionError(.timeout, "the server did not come to an end in time") }
        return left
    }
}
