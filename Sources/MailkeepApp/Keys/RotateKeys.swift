package import MailkeepKeys
import MailkeepModel
import MailkeepStore

/// Puts a new master key in place of the old one (for administrators).
///
/// All other keys stay and are only wrapped anew, so that nothing that they seal is touched, however much there is.
package struct RotateKeys: UseCase {
    /// Where the new master key is.
    package enum Place: Sendable {
        /// In the data directory's file, as the old one.
        case same
        /// In the data directory's file, wherever the old one is.
        case file
        /// With whoever gives it whenever Mailkeep is started.
        case outside(MasterKey)
    }

    package var place: Place

    package init(_ place: Place = .same) {
        self.place = place
    }

    /// - Throws: `AppError` (`masterKeyOutside`), `KeyError`.
    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws {
        var details: [String: String] = [:]
        switch place {
        case .same: break
        case .file: details["master"] = "file"
        case .outside: details["master"] = "outside"
        }
        // Asked for first: after a crash the log tells that the master may be a new one.
        try await mailkeep.act(AuditedAction(name: "keys.rotate", details: details), as: caller) { _, actor in
            try PagePolicy.use(actor: actor).enforce()
            if case .same = place, mailkeep.hasGivenMasterKey { throw AppError(.masterKeyOutside) }
            return (.done, ())
        }
        try mailkeep.withKeyFiles { directory, master in
            if case .outside(let new) = place {
                return try KeyRing.prepareMaster(new, in: directory, master: master)
            }
            #if DEBUG
            try KeyRing.rotateMaster(in: directory, master: master) { CrashPoint.reach() }
            #else
            try KeyRing.rotateMaster(in: directory, master: master)
            #endif
            master = nil
        }
        try await mailkeep.act(AuditedAction(name: "keys.rotated", details: details), as: caller) { _, _ in (.done, ())
        }
    }
}
