import Foundation
import GRDB
import MailkeepModel
import Synchronization
import Testing

@testable import MailkeepStore

/// Every list and search finds its rows by index: what it costs follows what it gives, not what there is.
@Suite("Queries find their rows by index")
struct QueryPlanTests {
    /// Something that the store is asked, and what it may read from end to end: parts of the query that are small.
    struct Question: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let scans: [String]
        /// It is asked page by page: the rows of a page come in their order, or each page would read all.
        let isPaged: Bool
        let ask: @Sendable (WriteTransaction) throws -> Void

        init(
            _ name: String,
            scanning scans: [String] = [],
            isPaged: Bool = false,
            _ ask: @escaping @Sendable (WriteTransaction) throws -> Void
        ) {
            self.testDescription = name
            // The organisation is one row.
            self.scans = scans + ["CONSTANT ROW", "(subquery", "organization"]
            self.isPaged = isPaged
            self.ask = ask
        }
    }

    private static let user = UserID(rawValue: 1)
    private static let backupID = BackupID(rawValue: 1)
    /// Of `Stage`.
    private static let administrator = UserID(rawValue: 4)
    private static let moment = Timestamp(rawValue: 1)

    /// The steps by which a page's messages are found, each from what the step before gave.
    private static let page = ["page", "source", "held", "visible", "chosen", "place", "organization"]

    /// The jobs that are not ended.
    private static let pendingJobs = "job USING INDEX job_pending"

    private static func backup(_ transaction: ReadTransaction) throws -> BackupDetails {
        try #require(try transaction.backup(backupID))
    }

    @Test(
        "The plan scans nothing that grows",
        arguments: [
            Question("a record's mail", scanning: page) { _ = try $0.visibleMessages(on: Stage.contact, to: user) },
            Question("a page of it", scanning: page) {
                _ = try $0.visibleMessages(on: Stage.contact, to: user, offset: 20, limit: 20)
            },
            Question("a page of it that is taken out", scanning: page) {
                let last = try $0.visibleMessages(on: Stage.contact, to: user, limit: 1).first
                _ = try $0.visibleMessages(on: Stage.contact, to: user, after: last, limit: 20)
            },
            Question("one message", scanning: page) {
                _ = try $0.visibleMessage(MessageID(rawValue: 1), on: Stage.contact, to: user)
            },
            Question("a hold, and all of them", scanning: ["hold"]) {
                _ = try $0.hold(HoldID(rawValue: 1), openTo: user)
                _ = try $0.holds(openTo: user)
            },
            Question("the holds that cover a message", scanning: ["held_message"]) {
                _ = try $0.holds(covering: MessageID(rawValue: 1))
            },
            // Whether any backup is pending: one row tells.
            Question(
                "a page of what retention removes",
                scanning: ["backup USING INDEX backup_pending"],
                isPaged: true
            ) { transaction in
                let id = try transaction.beginRetention(cutoff: moment, by: user, at: moment)
                guard let run = try transaction.removal(id) else { return }
                _ = try transaction.removeExpired(run, after: nil, limit: 10)
            },
            Question("where the newest content lies") { _ = try $0.newestLocation() },
            // All of it is listed.
            Question("one's own mail", scanning: ["chosen", "visible"]) {
                _ = try $0.ownMessages(of: user)
                _ = try $0.ownMessage(MessageID(rawValue: 1), of: user)
            },
            // All of it is read before the page is cut out of it.
            Question("a page of one's own mail", scanning: ["chosen", "visible"]) {
                _ = try $0.ownMessages(of: user, offset: 20, limit: 20)
                _ = try $0.ownMessages(of: user, after: nil, limit: 20)
            },
            Question("the folders of one's own mail") { _ = try $0.ownFolders(of: MessageID(rawValue: 1), of: user) },
            Question("why a message is seen", scanning: page) {
                _ = try $0.places(of: MessageID(rawValue: 1), on: Stage.contact, to: user)
                _ = try $0.ownPlaces(of: MessageID(rawValue: 1), of: user)
            },
            Question("association", scanning: ["organization"]) { _ = try $0.isAssociated(user, with: Stage.contact) },
            Question("a record") { _ = try $0.record(Stage.contact) },
            Question("an opened record", scanning: ["organization"]) {
                _ = try $0.openRecord(Stage.contact, for: UserID(rawValue: 4))
                _ = try $0.openRecord(Stage.account, for: UserID(rawValue: 1))
            },
            Question("why a record may be opened", scanning: ["organization"]) {
                _ = try $0.associationGrounds(of: user, with: Stage.contact)
            },
            Question("records, for who may open few", scanning: ["organization", "candidate"]) {
                for key in RecordQuery.Key.allCases {
                    let sorting = Sorting(by: key, isDescending: true)
                    _ = try $0.records(RecordQuery(module: .contacts, sorting: sorting), openTo: user)
                    _ = try $0.records(RecordQuery(module: .contacts, search: "a", sorting: sorting), openTo: user)
                }
            },
            Question("records, for who may open many", scanning: ["organization"], isPaged: true) {
                for key in RecordQuery.Key.allCases {
                    let sorting = Sorting(by: key, isDescending: true)
                    _ = try $0.records(RecordQuery(module: .contacts, sorting: sorting), openTo: administrator)
                }
            },
            // Begins with what the user's own mail has been exchanged with.
            Question(
                "what a sharing setting would show",
                scanning: ["organization", "standing", "exchanged", "chosen", "opening", "other", "viewer"]
            ) {
                for sharing in SharingSetting.allCases { _ = try $0.preview(of: sharing, for: user) }
            },
            Question("the next record's number") { _ = try $0.nextRecordID(in: .contacts) },
            Question("content") { _ = try $0.location(of: Data([1])) },
            Question("a folder's position") {
                _ = try $0.folder(named: "INBOX", in: MailboxID(rawValue: 1), uidValidity: 1)
            },
            Question("counts per folder", scanning: ["seen"]) {
                _ = try $0.folderCounts(of: user, in: MailboxID(rawValue: 1))
                try $0.setExcludedFolders(["Junk": .junk], of: MailboxID(rawValue: 1))
                try $0.markGone(in: 1, [0...UInt32.max])
            },
            Question("a folder's mails that could not be read") {
                _ = try $0.unreadHeaders(in: 1, limit: 10)
                _ = try $0.isUnreadable(1, limit: 0)
                _ = try $0.seenUIDs(in: 1, 1...9)
                _ = try $0.positions(inFolder: "INBOX", of: MailboxID(rawValue: 1))
            },
            Question("wanted mails of a stretch") {
                _ = try $0.wantedEntries(in: 1, 5...9)
                try $0.passOverExpired(in: 1, 5...9, sentBefore: moment)
                _ = try $0.linkStoredCopies(in: 1, 5...9)
                try $0.pruneWanted(in: 1, 5...9)
            },
            Question("a mailbox's folders") {
                _ = try $0.knownFolders(of: MailboxID(rawValue: 1))
                _ = try $0.folderNames(of: MailboxID(rawValue: 1))
            },
            Question("mails by which a folder is known", isPaged: true) { _ = try $0.samples(of: 1, limit: 10) },
            Question("older mail of new addresses", scanning: ["address_change"]) {
                _ = try $0.linkChangedAddresses(limit: 10, at: moment)
            },
            // What is left to do is counted, and is mostly nothing.
            Question("how far older mail is linked", scanning: ["address_change", "wanted", "waiting"]) {
                _ = try $0.linkingProgress()
            },
            Question("whether a record's older mail is still to come", scanning: page) {
                for record in Stage.records { _ = try $0.linking(of: record, for: user) }
            },
            Question("a backup's messages", scanning: ["organization"], isPaged: true) {
                _ = try $0.messages(of: backup($0), after: nil, limit: 10, exportedBy: user)
            },
            Question("a backup's folders") { _ = try $0.folders(of: backupID) },
            Question("folders to freeze") { _ = try $0.foldersToFreeze(of: backup($0)) },
            Question("freezing", isPaged: true) {
                _ = try $0.messagesToFreeze(into: backup($0), folder: 1, after: 0, limit: 10)
                _ = try $0.freeze([MessageID(rawValue: 1)], into: backup($0))
            },
            Question("beginning a backup") { try $0.beginBackup(backupID, at: moment) },
            Question("ending a backup") { _ = try $0.endBackup(backupID, as: .failed, at: moment) },
            Question("how backups stand") {
                _ = try $0.backupState(of: user)
                _ = try $0.pendingBackup(of: user)
            },
            // By name a page is read from the index; other orders sort the rows of the tab.
            Question("mail add-on users by name", isPaged: true) {
                let query = MailAddonUserQuery(status: .active, search: "a", sharing: .all, isLocked: false)
                _ = try $0.mailAddonUsers(query)
                _ = try $0.mailAddonUserCount(.active)
            },
            Question("mail add-on users in other orders") {
                for key in MailAddonUserQuery.Key.allCases {
                    let sorting = Sorting(by: key, isDescending: true)
                    let query = MailAddonUserQuery(status: .inactive, backup: .status(.failed), sorting: sorting)
                    _ = try $0.mailAddonUsers(query)
                }
            },
            Question("a mail add-on user") { _ = try $0.mailAddonUser(user) },
            Question("users of a status", isPaged: true) { _ = try $0.users(UserQuery(status: .active)) },
            // One row for every user of the organisation.
            Question("users", scanning: ["user"]) { _ = try $0.users(UserQuery(search: "a")) },
            Question("a user by address") { _ = try $0.user(normalizedEmail: "a@example.jp") },
            Question("settings") {
                _ = try $0.mailAddon(of: user)
                _ = try $0.credentials(of: user)
                _ = try $0.backupSource(of: user)
            },
            // One row for every user's settings.
            Question("whom to synchronise", scanning: ["mail_addon", "user"]) {
                _ = try $0.usersToSynchronise(every: 1, at: moment)
            },
            Question("leasing a job", scanning: [pendingJobs]) {
                _ = try $0.leaseJob(as: "a", until: moment, at: moment)
            },
            Question("leasing one job", scanning: [pendingJobs]) {
                _ = try $0.leaseJob(as: "a", until: moment, at: moment, only: JobID(rawValue: 1))
            },
            Question("a job", scanning: [pendingJobs]) {
                _ = try $0.jobState(JobID(rawValue: 1))
                _ = try $0.job(of: backupID)
                _ = try $0.lastSynchronisationError(of: user)
                _ = try $0.rests(of: JobID(rawValue: 1))
                _ = try $0.leaseJob(as: "a", until: moment, at: moment)
                try $0.postponeJob(JobID(rawValue: 1), until: moment, error: "a", detail: nil)
                try $0.wakeJobs(.backup, of: user)
                _ = try $0.insertJob(.synchronise, user: user, permissions: JobPermissions(), at: moment)
                _ = try $0.renewLease(of: JobID(rawValue: 1), lease: "a", until: moment)
                try $0.releaseAllJobs()
            },
            Question("the audit log's end", scanning: ["audit"]) { _ = try $0.auditHead() },
            // The log is read in its order, from its end, until a page is full.
            Question("a page of the audit log", scanning: ["audit"], isPaged: true) {
                _ = try $0.auditEntries(AuditQuery())
                _ = try $0.auditEntries(AuditQuery(since: moment, until: moment, outcome: .done, target: "a"))
            },
            Question("a page of what the audit log says of something", isPaged: true) {
                _ = try $0.auditEntries(AuditQuery(action: "lock"))
                _ = try $0.auditEntries(AuditQuery(rule: "L3", actor: user))
                _ = try $0.auditEntries(AuditQuery(user: user))
            },
            Question("the actions of the audit log", scanning: ["name"]) { _ = try $0.auditActions() },
            // The log is read in its order.
            Question("what the audit log says since a moment", scanning: ["audit"]) {
                _ = try $0.auditEntries(since: moment)
            },
        ]
    )
    func plan(question: Question) async throws {
        let (organization, _) = try await Organization.make { scene in
            let stage = try Stage(scene)
            try scene.mail("mail", in: scene.mailbox(of: stage.owner, .all), [Stage.customer: .from])
            try scene.backup(of: stage.owner, reaching: .inProgress)
        }
        try await organization.write { transaction in
            let database = transaction.database
            let asked = Mutex<[String]>([])
            database.trace { event in
                if case .statement(let statement) = event { asked.withLock { $0.append(statement.sql) } }
            }
            try question.ask(transaction)
            database.trace(options: [])
            let statements = asked.withLock { $0 }
            #expect(!statements.isEmpty)
            // What a trigger does is told as a comment.
            for sql in statements where !sql.hasPrefix("--") {
                let statement = try database.makeStatement(sql: "EXPLAIN QUERY PLAN \(sql)")
                statement.setUncheckedArguments(StatementArguments())
                let steps = try Row.fetchAll(statement).map { $0["detail"] as String }
                // An index made for one query has read the whole table, too.
                for step in steps where step.hasPrefix("SCAN ") || step.contains(" AUTOMATIC ") {
                    let scanned = step.drop { $0 != " " }.dropFirst()
                    #expect(question.scans.contains { scanned.hasPrefix($0) }, "\(step):\n\(sql)")
                }
                #expect(!question.isPaged || !steps.contains("USE TEMP B-TREE FOR ORDER BY"), "\(sql)")
            }
        }
    }
}
