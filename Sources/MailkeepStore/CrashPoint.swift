#if DEBUG
import Glibc
import Synchronization

/// Kills the process at one of its durable steps, so that tests can stop it at each of them.
///
/// A step stands before and after every transaction, and within a rotation of the keys; bytes of the vault become durable
/// in between. With
/// `MAILKEEP_CRASH_AT=n` the n-th step of the process is its last. Release builds have none of this.
package enum CrashPoint {
    private static let last = getenv("MAILKEEP_CRASH_AT").flatMap { Int(String(cString: $0)) } ?? 0
    private static let count = Atomic(0)

    package static func reach() {
        guard last > 0, count.add(1, ordering: .relaxed).newValue >= last else { return }
        kill(getpid(), SIGKILL)
    }
}
#endif
