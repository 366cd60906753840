import MailkeepSync

/// What is looked at, in the order of telling.
package enum DoctorCheck: String, Sendable, CaseIterable {
    case directory
    case keys
    case schema
    case database
    case vault
    case manifests
    case audit
    case clock
    case disk
    case mailServers = "mail_servers"
    case mailboxes
    case connection
    case jobs
    case uploads
}

/// The sentences about what was found, by their ids in `wording.json` (after `doctor.`).
package enum DoctorSentence: String, Sendable, CaseIterable {
    case directoryOk = "directory.ok"
    case directoryModes = "directory.modes"
    case keysOk = "keys.ok"
    case keysOkOutside = "keys.ok_outside"
    case keysMasterFile = "keys.master_file"
    case keysAwaited = "keys.awaited"
    case keysSealed = "keys.sealed"
    case keysOther = "keys.other"
    case schemaOk = "schema.ok"
    case schemaNewer = "schema.newer"
    case databaseOk = "database.ok"
    case databaseDamaged = "database.damaged"
    case databaseDangling = "database.dangling"
    case vaultOk = "vault.ok"
    case vaultOkThorough = "vault.ok_thorough"
    case vaultDamaged = "vault.damaged"
    case vaultUnreadable = "vault.unreadable"
    case manifestsOk = "manifests.ok"
    case manifestsDamaged = "manifests.damaged"
    case auditOk = "audit.ok"
    case auditBroken = "audit.broken"
    case auditCut = "audit.cut"
    case clockOk = "clock.ok"
    case clockBack = "clock.back"
    case diskOk = "disk.ok"
    case diskLow = "disk.low"
    case mailServersOk = "mail_servers.ok"
    case mailServersUnreachable = "mail_servers.unreachable"
    case mailboxesOk = "mailboxes.ok"
    case mailboxesAttention = "mailboxes.attention"
    case mailboxesMore = "mailboxes.more"
    case connectionNone = "connection.none"
    case connectionOk = "connection.ok"
    case connectionAttention = "connection.attention"
    case jobsOk = "jobs.ok"
    case jobsStalled = "jobs.stalled"
    case uploadsOk = "uploads.ok"
    case uploadsOrphaned = "uploads.orphaned"
    case uploadsMissing = "uploads.missing"
    case failed = "failed"
    case unchecked = "unchecked"
    case repairedModes = "repaired.modes"
    case repairedIndex = "repaired.index"
    case repairedFetched = "repaired.fetched"
    case repairedUploads = "repaired.uploads"
    case unrepairedGone = "unrepaired.gone"
    case unrepairedUnreachable = "unrepaired.unreachable"
    case unrepairedManifests = "unrepaired.manifests"
}

/// What was found of one thing.
package struct DoctorFinding: Sendable, Equatable {
    package enum Status: String, Sendable {
        case ok
        case failed
        /// It could not be looked at, as something before it failed.
        case unchecked
    }

    package var check: DoctorCheck
    package var status: Status
    /// The key of the sentence, after which `values` and `reasons` are put in.
    package var sentence: String
    package var values: [String: String]
    /// What is told in the reader's words, by the name that it has in the sentence.
    package var reasons: [String: [DoctorReason]] = [:]

    init(
        _ check: DoctorCheck,
        _ status: Status,
        _ sentence: DoctorSentence,
        _ values: [String: String] = [:],
        reasons: [String: [DoctorReason]] = [:]
    ) {
        self.init(check, status, key: "doctor.\(sentence.rawValue)", values)
        self.reasons = reasons
    }

    init(_ check: DoctorCheck, _ status: Status, key: String, _ values: [String: String] = [:]) {
        self.check = check
        self.status = status
        sentence = key
        self.values = values
    }
}

/// Why something is not as it should be.
package struct DoctorReason: Sendable, Equatable {
    /// What it is about; nil where the sentence tells.
    package var name: String?
    /// The key of a few words in `wording.json`.
    package var words: String
    /// What an operator may need beyond these, in English.
    package var detail: String?

    init(_ name: String?, _ fault: ManifestFault) {
        (self.name, words) = (name, "manifest.\(fault.rawValue)")
    }

    /// - Parameter code: that of a `SyncFailure`.
    init(_ name: String?, code: String, detail: String? = nil) {
        (self.name, words, self.detail) = (name, "cause.\(code)", detail)
    }

    init(_ failure: SyncFailure) {
        self.init(nil, code: failure.code.rawValue, detail: failure.message)
    }

    fileprivate func text(in wording: Wording) -> String {
        let words = wording.text(key: words)
        return name.map { "\($0) (\(words))" } ?? words
    }
}

/// Something that was mended, or that could not be.
package struct DoctorRepair: Sendable, Equatable {
    package var sentence: DoctorSentence
    package var count: Int
    package var values: [String: String] = [:]

    package var isDone: Bool { sentence.rawValue.hasPrefix("repaired") }
}

/// Everything that was found, and mended.
package struct DoctorReport: Sendable, Equatable {
    package var findings: [DoctorFinding]
    package var repairs: [DoctorRepair] = []

    package var isHealthy: Bool { findings.allSatisfy { $0.status == .ok } }

    /// The report in the API's form.
    package func shape(in wording: Wording) -> DoctorShape {
        DoctorShape(
            healthy: isHealthy,
            checks: findings.map { .init($0, wording) },
            repairs: repairs.map { .init($0, wording) }
        )
    }
}

/// A report in the API's form.
package struct DoctorShape: Encodable, Sendable {
    package struct Check: Encodable, Sendable {
        package var check: String
        package var status: String
        package var message: String
        /// What an operator may need beyond the sentence, in English.
        package var detail: String?

        init(_ finding: DoctorFinding, _ wording: Wording) {
            check = finding.check.rawValue
            status = finding.status.rawValue
            let parts = finding.reasons.mapValues { $0.map { $0.text(in: wording) }.joined(separator: ", ") }
            message = wording.text(key: finding.sentence, finding.values.merging(parts) { own, _ in own })
            let details = finding.reasons.values.flatMap { $0 }.compactMap(\.detail)
            detail = details.isEmpty ? nil : details.joined(separator: "; ")
        }
    }

    package struct Repair: Encodable, Sendable {
        package var repair: String
        package var done: Bool
        package var count: Int
        package var message: String

        init(_ repair: DoctorRepair, _ wording: Wording) {
            self.repair = repair.sentence.rawValue
            done = repair.isDone
            count = repair.count
            let values = repair.values.merging(["count": "\(repair.count)"]) { own, _ in own }
            message = wording.text(key: "doctor.\(repair.sentence.rawValue)", values)
        }
    }

    package var healthy: Bool
    package var checks: [Check]
    package var repairs: [Repair]
}
