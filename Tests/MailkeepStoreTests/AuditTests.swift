import Foundation
import GRDB
import MailkeepModel
import Testing

@testable import MailkeepStore

@Suite("The audit log shows what was done to it (U4)")
struct AuditTests {
    /// Entries by and on a user, every field of them filled somewhere.
    private static func log(_ count: Int64 = 5) async throws -> Organization {
        let (organization, _) = try await Organization.make { scene in
            let user = try scene.user("user")
            _ = try scene.user("other")
            for number in 0..<count {
                try scene.transaction.appendAudit(entry(number, by: user, at: scene.now))
            }
        }
        return organization
    }

    private static func entry(_ number: Int64, by user: UserID?, at moment: Timestamp) -> AuditEntry {
        AuditEntry(
            at: moment.advanced(byMilliseconds: number),
            actor: user,
            origin: "shell root(0)",
            request: "request-\(number)",
            action: "lock",
            user: user,
            target: "users/1",
            outcome: .refused,
            refusal: Refusal(.l5, .settings),
            details: ["b": "2/3", "a": "é\u{2028}\"\\ \(number)"]
        )
    }

    /// Does to the table what the program never does.
    private static func tamper(_ organization: Organization, _ sql: String) async throws {
        try await organization.write { transaction in
            for event in ["insert", "update", "delete"] {
                try transaction.database.execute(sql: "DROP TRIGGER audit_is_append_only_\(event)")
            }
            try transaction.database.execute(sql: "PRAGMA ignore_check_constraints = 1; \(sql)")
        }
    }

    @Test("Entries are read back as they were written, oldest first, from a moment on")
    func entries() async throws {
        let organization = try await Self.log(3)
        try await organization.read { transaction in
            let entries = try transaction.auditEntries().items
            #expect(entries.map(\.id) == [1, 2, 3])
            #expect(entries.map(\.request) == ["request-0", "request-1", "request-2"])
            #expect(entries[1].rule == "L5" && entries[1].reason == "settings" && entries[1].outcome == .refused)
            #expect(entries[1].details == ["b": "2/3", "a": "é\u{2028}\"\\ 1"])
            #expect(try transaction.auditEntries(since: entries[1].at).items == Array(entries.dropFirst()))
            let last = try transaction.auditEntries(page: PageRequest(2, size: 2))
            #expect(last.items == Array(entries.suffix(1)) && last.number == 2 && !last.hasMore)
            #expect(try transaction.auditEntries(page: PageRequest(1, size: 2)).hasMore)
            #expect(try transaction.auditHead() == entries.last?.hash)
        }
    }

    @Test("Pages begin with the newest entry, and filters go together")
    func pages() async throws {
        let organization = try await Self.log(5)
        try await organization.change { scene in
            let other = UserID(rawValue: 2)
            try scene.transaction.appendAudit(
                AuditEntry(
                    at: scene.now.advanced(byMilliseconds: 9),
                    actor: other,
                    origin: "shell",
                    request: "last",
                    action: "emails.read",
                    target: "Contacts/12",
                    outcome: .done
                )
            )
        }
        try await organization.read { transaction throws in
            let ids = { (query: AuditQuery) in try transaction.auditEntries(query).items.map(\.id) }
            #expect(try ids(AuditQuery()) == [6, 5, 4, 3, 2, 1])
            let first = try transaction.auditEntries(AuditQuery(page: PageRequest(1, size: 4)))
            #expect(first.items.map(\.id) == [6, 5, 4, 3] && first.hasMore && first.total == nil)
            #expect(try ids(AuditQuery(page: PageRequest(2, size: 4))) == [2, 1])
            let moment = first.items[3].at
            #expect(try ids(AuditQuery(since: moment)) == [6, 5, 4, 3])
            #expect(try ids(AuditQuery(until: moment)) == [2, 1])
            #expect(try ids(AuditQuery(action: "emails.read")) == [6])
            #expect(try ids(AuditQuery(outcome: .done)) == [6])
            #expect(try ids(AuditQuery(rule: "L5", page: PageRequest(size: 2))) == [5, 4])
            #expect(try ids(AuditQuery(actor: UserID(rawValue: 2))) == [6])
            #expect(try ids(AuditQuery(actor: UserID(rawValue: 1), user: UserID(rawValue: 1))) == [5, 4, 3, 2, 1])
            #expect(try ids(AuditQuery(user: UserID(rawValue: 2))) == [])
            #expect(try ids(AuditQuery(target: "contacts/1")) == [6])
            #expect(try ids(AuditQuery(target: "%")) == [])
            #expect(try transaction.auditActions() == ["emails.read", "lock"])
        }
    }

    @Test("An empty log and a whole one verify")
    func wholeLog() async throws {
        for count: Int64 in [0, 1, 5] {
            let (found, broken) = try await Self.log(count).read { try $0.verifyAudit() }
            #expect(found == Int(count) && broken == nil)
        }
        let (organization, _) = try await Organization.make { scene in
            let bare = AuditEntry(at: scene.now, actor: nil, origin: "job", request: "", action: "a", outcome: .done)
            for _ in 0..<2 { try scene.transaction.appendAudit(bare) }
        }
        #expect(try await organization.read { try $0.verifyAudit() }.firstBroken == nil)
    }

    @Test("A chain can be computed by the recipe alone, without the program")
    func recipe() async throws {
        let (organization, _) = try await Organization.make { scene in
            let entry = AuditEntry(
                at: Timestamp(rawValue: 5),
                actor: nil,
                origin: "web 192.0.2.1",
                request: "r",
                action: "lock",
                target: "users/1",
                outcome: .done,
                details: ["k": "v/w"]
            )
            try scene.transaction.appendAudit(entry)
        }
        // SHA-256 of 32 zero bytes and: [1,5,null,"web 192.0.2.1","r","lock",null,"users/1","done",null,null,{"k":"v/w"}]
        let head = try await organization.read { try $0.auditHead() }
        #expect(
            head.map { String(format: "%02x", $0) }.joined()
                == "046058592cafca146e2f1c3ef211733c136cf5debc3d91d2822dd8a169cb40b4"
        )
    }

    @Test(
        "What was written cannot be changed, removed or written over",
        arguments: [
            "UPDATE audit SET outcome = 'done' WHERE id = 2",
            "DELETE FROM audit WHERE id = 5",
            "DELETE FROM audit",
            "REPLACE INTO audit SELECT * FROM audit WHERE id = 5",
            """
            INSERT INTO audit (id, at, origin, request, action, outcome, details, hash)
            VALUES (0, 0, '', '', '', 'done', '{}', x'00')
            """,
        ]
    )
    func appendOnly(sql: String) async throws {
        let organization = try await Self.log()
        await #expect(throws: StoreError(.constraint, "")) {
            try await organization.write { try $0.database.execute(sql: sql) }
        }
        #expect(try await organization.read { try $0.verifyAudit() }.count == 5)
    }

    @Test(
        "Any altered field is found",
        arguments: [
            "id = 30", "at = at + 1", "actor_id = NULL", "actor_id = 2", "origin = 'shell'", "request = ''",
            "action = 'unlock'", "user_id = 2", "user_id = NULL", "target = NULL", "target = 'users/2'",
            "outcome = 'done'", "outcome = 'undone'", "rule = NULL", "rule = 'L3'", "reason = NULL",
            "reason = 'last'", "details = '{}'", "details = 'no object'", "details = json_set(details, '$.c', '')",
            "hash = zeroblob(32)", "hash = x''", "hash = (SELECT hash FROM audit WHERE id = 2)",
        ]
    )
    func alteredField(assignment: String) async throws {
        let organization = try await Self.log()
        try await Self.tamper(organization, "UPDATE audit SET \(assignment) WHERE id = 3")
        let (_, broken) = try await organization.read { try $0.verifyAudit() }
        // An entry that was given a later number leaves the gap that shows first.
        #expect(broken == (assignment == "id = 30" ? 4 : 3))
    }

    @Test("The end's altered field is found too")
    func alteredLast() async throws {
        let organization = try await Self.log()
        try await Self.tamper(organization, "UPDATE audit SET outcome = 'done' WHERE id = 5")
        #expect(try await organization.read { try $0.verifyAudit() }.firstBroken == 5)
    }

    @Test(
        "What was removed from the beginning or the middle is found at the entry after it, renumbered or not",
        arguments: [
            ("DELETE FROM audit WHERE id = 1", 2), ("DELETE FROM audit WHERE id = 3", 4),
            ("DELETE FROM audit WHERE id IN (2, 3)", 4),
            ("DELETE FROM audit WHERE id = 3; UPDATE audit SET id = id - 1 WHERE id > 3", 3),
        ]
    )
    func removed(sql: String, broken: Int64) async throws {
        let organization = try await Self.log()
        try await Self.tamper(organization, sql)
        #expect(try await organization.read { try $0.verifyAudit() }.firstBroken == broken)
    }

    @Test("A tail that was cut off shows against a head that was kept elsewhere, also when the log went on")
    func cutTail() async throws {
        let organization = try await Self.log()
        let kept = try await organization.read { try $0.auditHead() }
        try await Self.tamper(organization, "DELETE FROM audit WHERE id > 3")
        let (count, broken) = try await organization.read { try $0.verifyAudit() }
        #expect(count == 3 && broken == nil)
        try await organization.change { scene in
            for number: Int64 in 10..<13 {
                try scene.transaction.appendAudit(Self.entry(number, by: nil, at: scene.now))
            }
            #expect(try scene.transaction.verifyAudit().firstBroken == nil)
            #expect(try scene.transaction.auditEntries().items.contains { $0.hash == kept } == false)
        }
    }

    @Test("A backup whose manifest names an entry that is gone tells that the log's end was cut off")
    func anchors() async throws {
        let organization = try Organization()
        try await organization.change { scene in
            let user = try scene.user("user")
            try scene.mailbox(of: user, .all)
            try scene.backup(of: user, reaching: .completed)
            #expect(try scene.transaction.backupsBeyondAudit() == [])
            for _ in 0..<2 { try scene.transaction.appendAudit(Self.entry(1, by: user, at: scene.now)) }
            let later = try scene.backup(of: user, reaching: .completed)
            #expect(try scene.transaction.backupsBeyondAudit() == [])
            try scene.transaction.run("DROP TRIGGER audit_is_append_only_delete")
            try scene.transaction.run("DELETE FROM audit WHERE id = (SELECT MAX(id) FROM audit)")
            #expect(try scene.transaction.verifyAudit().firstBroken == nil)
            #expect(try scene.transaction.backupsBeyondAudit() == [later.id])
        }
    }

    @Test("An entry whose transaction was given up is not in the log, and the next one takes its place")
    func givenUp() async throws {
        let organization = try await Self.log(2)
        await #expect(throws: Missing.self) {
            try await organization.change { scene in
                try scene.transaction.appendAudit(Self.entry(7, by: nil, at: scene.now))
                throw Missing(what: "anything")
            }
        }
        try await organization.change { scene in
            try scene.transaction.appendAudit(Self.entry(8, by: nil, at: scene.now))
            #expect(try scene.transaction.auditEntries().items.map(\.id) == [1, 2, 3])
            #expect(try scene.transaction.verifyAudit().firstBroken == nil)
        }
    }
}
