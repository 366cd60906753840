import MailkeepKeys
import MailkeepModel
import MailkeepStore

/// Puts a new master key in place of the old one (for administrators).
///
/// All other keys stay and are only wrapped anew, so that nothing that they seal is touched, however much there is.
package struct RotateKeys: UseCase {
    package init() {}

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws {
        // Asked for first: after a crash the log tells that the master may be a new one.
        try await mailkeep.act(AuditedAction(name: "keys.rotate"), as: caller) { _, actor in
            try PagePolicy.use(actor: actor).enforce()
            return (.done, ())
        }
        try mailkeep.withKeyFiles { directory in
            #if DEBUG
            try KeyRing.rotateMaster(in: directory) { CrashPoint.reach() }
            #else
            try KeyRing.rotateMaster(in: directory)
            #endif
        }
        try await mailkeep.act(AuditedAction(name: "keys.rotated"), as: caller) { _, _ in (.done, ()) }
    }
}
