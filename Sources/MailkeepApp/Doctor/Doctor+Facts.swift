import MailkeepModel
import MailkeepStore
import MailkeepSync

/// The database, what backups and the audit log prove, and the work that is to be done.
extension Doctor {
    func examineSchema(_ mailkeep: Mailkeep) async throws -> DoctorFinding {
        let applied = try await mailkeep.store.read { try $0.appliedMigrations() }
        guard Set(applied) == Set(Store.migrations) else { return DoctorFinding(.schema, .failed, .schemaNewer) }
        return DoctorFinding(.schema, .ok, .schemaOk, ["schema": applied.last ?? "-"])
    }

    func examineDatabase(_ mailkeep: Mailkeep) async throws -> DoctorFinding {
        let (faults, dangling) = try await mailkeep.store.read { (try $0.integrityFaults(), try $0.danglingRows()) }
        if let fault = faults.first {
            return DoctorFinding(.database, .failed, .databaseDamaged, ["detail": fault.forMessages])
        }
        guard dangling == 0 else {
            return DoctorFinding(.database, .failed, .databaseDangling, ["count": "\(dangling)"])
        }
        return DoctorFinding(.database, .ok, .databaseOk)
    }

    func examineManifests(_ mailkeep: Mailkeep) async throws -> DoctorFinding {
        let backups = try await mailkeep.store.read { try $0.backups().filter { $0.status == .completed } }
        let verifier = BackupVerifier(store: mailkeep.store, vault: mailkeep.vault, keys: mailkeep.keys)
        var faults: [DoctorReason] = []
        for backup in backups {
            let result = try await verifier.verify(backup, readsMessages: false) { _ in }
            if let fault = result.manifestFault { faults.append(DoctorReason("\(backup.id)", fault)) }
        }
        return DoctorFinding(
            .manifests,
            faults.isEmpty ? .ok : .failed,
            faults.isEmpty ? .manifestsOk : .manifestsDamaged,
            ["count": "\(backups.count)"],
            reasons: ["backups": faults]
        )
    }

    func examineAudit(_ mailkeep: Mailkeep) async throws -> DoctorFinding {
        let (chain, beyond) = try await mailkeep.store.read { (try $0.verifyAudit(), try $0.backupsBeyondAudit()) }
        if let broken = chain.firstBroken {
            return DoctorFinding(.audit, .failed, .auditBroken, ["id": "\(broken)"])
        }
        guard beyond.isEmpty else {
            let backups = beyond.map(\.description).joined(separator: ", ")
            return DoctorFinding(.audit, .failed, .auditCut, ["backups": backups])
        }
        return DoctorFinding(.audit, .ok, .auditOk, ["count": "\(chain.count)"])
    }

    /// A job that could be worked on waits no longer than this, in milliseconds.
    private static let patience: Int64 = 3_600_000

    func examineJobs(_ mailkeep: Mailkeep) async throws -> DoctorFinding {
        let now = mailkeep.clock()
        let (stalled, count) = try await mailkeep.store.read { transaction in
            (
                try transaction.stalledJobs(since: now.advanced(byMilliseconds: -Self.patience), at: now),
                try transaction.pendingJobCount()
            )
        }
        let values = ["count": "\(count)", "jobs": stalled.map(\.description).joined(separator: ", ")]
        return DoctorFinding(.jobs, stalled.isEmpty ? .ok : .failed, stalled.isEmpty ? .jobsOk : .jobsStalled, values)
    }

    /// Users who are named; beyond, only their number is told.
    private static let named = 20

    func examineMailboxes(_ mailkeep: Mailkeep) async throws -> DoctorFinding {
        let users = try await mailkeep.store.read { transaction in
            let active = try transaction.mailAddonUsers(.active)
            let inactive = try transaction.mailAddonUsers(.inactive)
            let failing = active.compactMap { user in
                user.synchronisationError.map { DoctorReason(user.user.email, code: $0) }
            }
            let failed = inactive.filter { $0.attempt?.status == .failed }
                .map { DoctorReason($0.user.email, code: $0.attempt?.error ?? SyncFailure.Code.internal.rawValue) }
            return (count: active.count + inactive.count, attention: failing + failed)
        }
        let more = users.attention.count - Self.named
        let isFine = users.attention.isEmpty
        return DoctorFinding(
            .mailboxes,
            isFine ? .ok : .failed,
            isFine ? .mailboxesOk : more > 0 ? .mailboxesMore : .mailboxesAttention,
            ["count": "\(users.count)", "attention": "\(users.attention.count)", "more": "\(more)"],
            reasons: ["users": Array(users.attention.prefix(Self.named))]
        )
    }

    func examineConnection(_ mailkeep: Mailkeep) async throws -> DoctorFinding {
        guard let connection = try await mailkeep.store.read({ try $0.connection() }) else {
            return DoctorFinding(.connection, .ok, .connectionNone)
        }
        let isFine = connection.attention == nil
        return DoctorFinding(
            .connection,
            isFine ? .ok : .failed,
            isFine ? .connectionOk : .connectionAttention,
            [
                "server": connection.settings.apiDomain, "failures": "\(connection.failures)",
                "detail": connection.error ?? "-",
            ]
        )
    }

    /// Servers that are asked at the same time.
    private static let width = 8

    func examineMailServers(_ mailkeep: Mailkeep) async throws -> DoctorFinding {
        let servers = try await mailkeep.store.read { try $0.mailServersInUse() }
            .sorted { ($0.server.host, $0.server.port) < ($1.server.host, $1.server.port) }
        let sources = mailkeep.sources
        let unreachable = try await withThrowingTaskGroup(of: (Int, DoctorReason)?.self) { group in
            var faults: [(Int, DoctorReason)] = []
            for (index, server) in servers.enumerated() {
                if index >= Self.width, let fault = try await group.next() { if let fault { faults.append(fault) } }
                group.addTask {
                    do {
                        try await sources.reach(server, permissions: permissions)
                        return nil
                    } catch let failure as SyncFailure {
                        let name = "\(server.server.host):\(server.server.port)"
                        return (index, DoctorReason(name, code: failure.code.rawValue, detail: failure.message))
                    }
                }
            }
            for try await fault in group { if let fault { faults.append(fault) } }
            return faults.sorted { $0.0 < $1.0 }.map(\.1)
        }
        return DoctorFinding(
            .mailServers,
            unreachable.isEmpty ? .ok : .failed,
            unreachable.isEmpty ? .mailServersOk : .mailServersUnreachable,
            ["count": "\(servers.count)"],
            reasons: ["servers": unreachable]
        )
    }
}
