import Foundation
import MailVault
import MailkeepKeys
package import MailkeepModel
import MailkeepStore
import MailkeepSync

/// Looks at everything on which a data directory's soundness rests, and mends what can be mended.
///
/// Whoever reaches the data directory may ask: it tells nothing of any mail. What is mended is in the audit log.
package struct Doctor: Sendable {
    /// Whether every stored byte is read, and not only where each entry begins.
    package var isThorough: Bool
    package var repairs: Bool
    package var permissions: JobPermissions
    /// Bytes that are free where the data directory lies; nil asks the operating system.
    var freeBytes: Int64?
    package var onProgress: @Sendable (Progress) async throws -> Void

    /// What is being looked at.
    package struct Progress: Sendable, Equatable {
        package var check: DoctorCheck
    }

    package init(
        isThorough: Bool = false,
        repairs: Bool = false,
        permissions: JobPermissions = JobPermissions(),
        onProgress: @escaping @Sendable (Progress) async throws -> Void = { _ in }
    ) {
        self.isThorough = isThorough
        self.repairs = repairs
        self.permissions = permissions
        self.onProgress = onProgress
    }

    /// Examines what this process has open.
    ///
    /// - Parameters:
    ///   - origin: the way in, and the operating system's user.
    ///   - mended: what was mended before it could be opened.
    /// - Throws: `CancellationError`, `AppError` (`vaultBusy`) while garbage is collected; whatever else goes wrong is a
    ///   finding.
    package func run(
        in mailkeep: Mailkeep,
        origin: String,
        mended: [DoctorRepair] = []
    ) async throws -> DoctorReport {
        var repaired = mended
        if repairs { repaired += Self.mendModes(of: mailkeep.directory.path) }
        // Nothing that is found is moved meanwhile, or removed.
        let stored = try await mailkeep.retention.retaining {
            var stored = try await examineVault(mailkeep)
            guard repairs else { return stored }
            repaired += try await mend(&stored, in: mailkeep)
            if repaired.contains(where: { [.repairedIndex, .repairedFetched].contains($0.sentence) }) {
                stored = try await examineVault(mailkeep)
            }
            return stored
        }
        var findings: [DoctorFinding] = []
        for check in DoctorCheck.allCases {
            try Task.checkCancellation()
            try await onProgress(Progress(check: check))
            do {
                findings.append(try await examine(check, mailkeep, stored))
            } catch let error where !(error is CancellationError) {
                findings.append(Self.finding(check, error))
            }
        }
        let mended = repaired.filter(\.isDone)
        if !mended.isEmpty {
            let details = Dictionary(
                mended.map { ($0.sentence.rawValue, "\($0.count)") },
                uniquingKeysWith: { first, _ in first }
            )
            let now = mailkeep.clock()
            let action = AuditedAction(name: "doctor.repair", details: details)
            try await mailkeep.store.write { try $0.appendAudit(AuditEntry(action, origin: origin, at: now)) }
        }
        return DoctorReport(findings: findings, repairs: repaired)
    }

    private func examine(
        _ check: DoctorCheck,
        _ mailkeep: Mailkeep,
        _ stored: StoredContents
    ) async throws -> DoctorFinding {
        switch check {
        case .directory: try Self.examineDirectory(mailkeep.directory.path)
        case .keys: try await examineKeys(mailkeep)
        case .schema: try await examineSchema(mailkeep)
        case .database: try await examineDatabase(mailkeep)
        case .vault: stored.finding
        case .manifests: try await examineManifests(mailkeep)
        case .audit: try await examineAudit(mailkeep)
        case .clock: try await examineClock(mailkeep)
        case .disk: try examineDisk(mailkeep)
        case .mailServers: try await examineMailServers(mailkeep)
        case .mailboxes: try await examineMailboxes(mailkeep)
        case .connection: try await examineConnection(mailkeep)
        case .jobs: try await examineJobs(mailkeep)
        case .uploads: try await examineUploads(mailkeep)
        }
    }

    /// What can be told of a data directory that does not open.
    package static func report(of error: any Error, at path: String) -> DoctorReport {
        let failed: DoctorCheck =
            switch error {
            case is KeyError: .keys
            case let error as StoreError: error.code == .newerSchema ? .schema : .database
            case is VaultError: .vault
            default: .directory
            }
        let findings = DoctorCheck.allCases.map { check in
            if check == failed { return finding(check, error) }
            guard check == .directory else { return DoctorFinding(check, .unchecked, .unchecked) }
            do { return try examineDirectory(path) } catch { return finding(check, error) }
        }
        return DoctorReport(findings: findings)
    }

    /// A check that itself failed.
    private static func finding(_ check: DoctorCheck, _ error: any Error) -> DoctorFinding {
        switch error {
        case let error as DataDirectoryError:
            DoctorFinding(
                check,
                .failed,
                key: "directory.\(error.code.rawValue)",
                ["path": error.path, "detail": error.detail ?? "-"]
            )
        case let error as AppError: DoctorFinding(check, .failed, key: "err.\(error.code.rawValue)", error.values)
        case let error as KeyError: DoctorFinding(check, .failed, key: error.sentence, error.sentenceValues)
        case let error as StoreError where error.code == .newerSchema: DoctorFinding(check, .failed, .schemaNewer)
        case let error as StoreError where error.code == .damaged:
            DoctorFinding(check, .failed, .databaseDamaged, ["detail": error.message])
        default: DoctorFinding(check, .failed, .failed, reasons: ["reason": [DoctorReason(SyncFailure(error))]])
        }
    }
}
