import MailkeepApp
import MailkeepModel
import Synchronization

/// A clock that only a test moves.
final class TestClock: Sendable {
    private let moment = Mutex(Timestamp.now())

    var now: Timestamp { moment.withLock { $0 } }

    func advance(hours: Int64 = 0, seconds: Int64 = 0) {
        moment.withLock { $0 = $0.advanced(byMilliseconds: (hours * 3600 + seconds) * 1000) }
    }
}
