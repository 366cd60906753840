import Foundation
import MailkeepModel
import MailkeepStore

/// Storing and deleting records, each page in one transaction with where the run goes on.
extension DirectoryReader {
    /// Stores what could be read, and notes what could not be stored, or not wholly, to be asked for again.
    ///
    /// - Parameter next: where the run goes on after these; nil of records that were asked for one by one.
    mutating func storeRecords(
        _ records: [CRMDocument.Record],
        _ module: Module,
        _ next: DirectoryPosition?
    ) async throws {
        let ids = records.map { $0.text("id") }
        let rows = zip(records, ids).enumerated().compactMap { line, record in
            record.1.map { _ in
                ImportTable.Row(line: line, RecordColumns.row(of: record.0, module, emails: emails))
            }
        }
        let (began, savedAt, former) = (beganAt, connection.savedAt, position.unresolved)
        let (result, (problems, unresolved)) = try await store { importer in
            let linked = try rows.map { try importer.withoutLooseEnds($0) }
            try importer.importRecords(linked.map(\.row), module: module)
            let loose = linked.lazy.filter(\.isLoose).map { Problem(looseLine: $0.row.line) }
            let problems = loose + importer.result.skipped.map(Problem.init)
            let unresolved = Self.adding(
                problems.compactMap { ids[$0.line] }.map { "\(module.rawValue)/\($0)" },
                to: former
            )
            if var next {
                next.unresolved = unresolved
                try importer.transaction.setConnectionPosition(next.encoded(), beganAt: began, savedAt: savedAt)
            }
            return (problems, unresolved)
        }
        if let next { position = next }
        position.unresolved = unresolved
        run.records[module.rawValue, default: 0] += result.stored
        for problem in problems {
            run.skip("\(module.rawValue)/\(ids[problem.line] ?? "-")", problem.reason, problem.message)
        }
        for _ in rows.count..<records.count {
            run.skip("\(module.rawValue)/-", ImportProblem.Reason.id.rawValue, "A record has no id that is a text.")
        }
    }

    /// One more than are asked for again is enough to know that there are too many.
    private static func adding(_ paths: [String], to unresolved: Set<String>) -> Set<String> {
        var all = unresolved
        for path in paths where all.count <= mostUnresolved { all.insert(path) }
        return all
    }

    /// Why a record of a page could not be stored, or not wholly: it is to be asked for again.
    private struct Problem {
        /// Where in the page it is.
        var line: Int
        var reason: String
        var message: String

        init(looseLine: Int) {
            line = looseLine
            (reason, message) = ("incomplete", "A link or a share was left out, as its other end is not here.")
        }

        init(_ problem: ImportProblem) {
            (line, reason, message) = (problem.line, problem.reason.rawValue, problem.message(in: .english))
        }
    }

    /// Deletes what was deleted there; what a hold keeps is to go once that is lifted (R1).
    ///
    /// - Parameter next: as for `storeRecords`.
    mutating func delete(_ ids: [String], _ module: Module, _ next: DirectoryPosition?) async throws {
        let keys = ids.compactMap { Identifier<RecordKey>($0) }.map { RecordKey(module: module, id: $0) }
        let (began, now, caller) = (beganAt, mailkeep.clock(), caller)
        let (savedAt, former) = (connection.savedAt, position.unresolved)
        let (deleted, kept, unresolved) = try await mailkeep.store.write {
            transaction -> (Int, [Kept], Set<String>) in
            try PagePolicy.use(actor: try transaction.activeUser(caller.user)).enforce()
            var (deleted, kept) = (0, [Kept]())
            for key in keys where try transaction.recordExists(key) {
                let action = AuditedAction(name: "record.delete", target: key.description)
                var entry = AuditEntry(action, by: caller, at: now)
                let holds = try transaction.holdsAgainstDeleting(key)
                if holds.isEmpty, try transaction.holds(everOn: key).isEmpty {
                    try transaction.deleteRecord(key, at: now)
                    deleted += 1
                    try transaction.appendAudit(entry)
                    continue
                }
                kept.append(Kept(key: key, holds: holds))
                // A refusal that is repeated in each run is noted once.
                guard next != nil, !holds.isEmpty else { continue }
                entry.refuse(by: Refusal(.r1, holds: holds))
                try transaction.appendAudit(entry)
            }
            let paths = kept.filter { !$0.holds.isEmpty }.map { "\(module.rawValue)/deleted/\($0.key.id)" }
            let unresolved = Self.adding(paths, to: former)
            if var next {
                next.unresolved = unresolved
                try transaction.setConnectionPosition(next.encoded(), beganAt: began, savedAt: savedAt)
            }
            return (deleted, kept, unresolved)
        }
        if let next { position = next }
        position.unresolved = unresolved
        run.deleted += deleted
        for kept in kept { run.skip(kept.key.description, kept.reason, kept.message) }
    }

    /// A record that was deleted there and is kept here.
    private struct Kept {
        var key: RecordKey
        /// Those that stand; none where one stood once, which names the record.
        var holds: [HoldID]

        var reason: String { holds.isEmpty ? AppError.Code.recordWasHeld.rawValue : Rule.r1.rawValue }

        var message: String {
            let wording = Wording(locale: .english)
            return holds.isEmpty
                ? wording.error(AppError(.recordWasHeld)) : wording.refusal(Refusal(.r1, holds: holds))
        }
    }
}
