import MailkeepModel
import Synchronization

/// What is found out about a request on its way, for whoever tells of it when it is answered.
final class VisitNote: Sendable {
    private let known = Mutex<UserID?>(nil)

    /// Who is signed in.
    var user: UserID? {
        get { known.withLock { $0 } }
        set { known.withLock { $0 = newValue } }
    }
}
