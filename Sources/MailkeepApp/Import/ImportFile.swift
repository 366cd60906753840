import Logging
import MailkeepKeys
package import MailkeepModel
import MailkeepStore
import MailkeepSync

/// What an import brings.
package enum ImportKind: Sendable, Equatable {
    case roles
    case users
    case records(Module)

    var auditName: String {
        switch self {
        case .roles: "roles"
        case .users: "users"
        case .records(let module): module.rawValue
        }
    }
}

/// Stores a CSV file of roles, users or records: whole, or, if a row is bad, not at all.
///
/// For administrators (P1).
package struct ImportFile: UseCase {
    package var kind: ImportKind
    package var bytes: [UInt8]
    package var encoding: String?
    /// Stores the good rows and tells the bad ones.
    package var skipInvalid: Bool

    package init(kind: ImportKind, bytes: [UInt8], encoding: String? = nil, skipInvalid: Bool = false) {
        self.kind = kind
        self.bytes = bytes
        self.encoding = encoding
        self.skipInvalid = skipInvalid
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> ImportResult {
        let action = AuditedAction(name: "import", target: kind.auditName)
        _ = try await mailkeep.read(action, as: caller) { try PagePolicy.use(actor: $1).enforce() }
        let table = try ImportTable(bytes, encoding: encoding, required: kind.requiredColumns)
        do {
            let result = try await store(table, in: mailkeep, as: caller, action)
            // Of users who are active again; where that fails, the next job or start does it.
            do { try await mailkeep.removeDetachedUploads() } catch {
                mailkeep.logger.warning("uploads cannot be removed", metadata: ["error": "\(SyncFailure(error))"])
            }
            return result
        } catch let error as AppError {
            // Of what was given up nothing is in the audit log: what the rules refused belongs there (U4).
            for refusal in error.rows.compactMap(\.refusal) {
                do {
                    try await mailkeep.act(action, as: caller) { _, _ -> (ActionResult, Void) in throw refusal }
                } catch is Refusal {}
            }
            throw error
        }
    }

    private func store(
        _ table: ImportTable,
        in mailkeep: Mailkeep,
        as caller: Caller,
        _ action: AuditedAction
    ) async throws -> ImportResult {
        let hasher = mailkeep.keys.addressHasher
        let now = mailkeep.clock()
        return try await mailkeep.act(action, as: caller) { transaction, actor in
            try PagePolicy.use(actor: actor).enforce()
            var importer = Importer(transaction: transaction, actor: actor, caller: caller, hasher: hasher, now: now)
            importer.result.skipped = table.problems
            switch kind {
            case .roles: try importer.importRoles(table.rows)
            case .users: try importer.importUsers(table.rows)
            case .records(let module): try importer.importRecords(table.rows, module: module)
            }
            importer.result.skipped.sort { $0.line < $1.line }
            guard importer.result.skipped.isEmpty || skipInvalid else {
                throw AppError(
                    .importRows,
                    ["count": "\(importer.result.skipped.count)"],
                    rows: importer.result.skipped
                )
            }
            return (importer.result.stored == 0 ? .unchanged : .done, importer.result)
        }
    }
}

extension ImportKind {
    fileprivate var requiredColumns: [String] {
        switch self {
        case .roles: ["Name"]
        case .users: ["Email", "Name"]
        case .records: ["Owner", "Name"]
        }
    }
}
