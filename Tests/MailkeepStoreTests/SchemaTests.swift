import Foundation
import GRDB
import MailkeepModel
import Testing

@testable import MailkeepStore

@Suite("The database opens as it should, or says why not")
struct SchemaTests {
    /// What a connection of the store answers.
    private static func answers(_ transaction: ReadTransaction, _ pragma: String) throws -> String {
        let row = try transaction.row("SELECT CAST(\(pragma) AS TEXT) AS answer FROM pragma_\(pragma)")
        return try #require(row)["answer"]
    }

    @Test("Transactions are durable and constraints hold: WAL, synchronous FULL, foreign keys")
    func pragmas() async throws {
        let organization = try Organization()
        try await organization.write { transaction throws in
            #expect(try Self.answers(transaction, "journal_mode") == "wal")
            #expect(try Self.answers(transaction, "synchronous") == "2")
            #expect(try Self.answers(transaction, "foreign_keys") == "1")
            #expect(try Self.answers(transaction, "trusted_schema") == "0")
        }
        try await organization.read { transaction throws in
            #expect(try Self.answers(transaction, "trusted_schema") == "0")
            #expect(throws: (any Error).self) { try transaction.database.execute(sql: "DELETE FROM content") }
        }
    }

    @Test("Opened again, everything is there, and the same settings hold")
    func reopening() async throws {
        let (organization, user) = try await Organization.make { try $0.user("user") }
        try organization.store.close()
        let store = try Store(path: organization.path, keys: organization.keys)
        defer { try? store.close() }
        try await store.write { transaction throws in
            #expect(try transaction.organizationName() == "Example")
            #expect(try transaction.user(user)?.name == "user")
            #expect(try Self.answers(transaction, "synchronous") == "2")
        }
    }

    @Test("A directory of a newer Mailkeep is refused, and stays as it is for the newer one")
    func newerSchema() async throws {
        let (organization, user) = try await Organization.make { try $0.user("user") }
        try await organization.write {
            try $0.database.execute(sql: "INSERT INTO grdb_migrations (identifier) VALUES ('999')")
        }
        try organization.store.close()
        for _ in 0..<2 {
            #expect(throws: StoreError(.newerSchema, "")) {
                _ = try Store(path: organization.path, keys: organization.keys)
            }
        }
        try await DatabaseQueue(path: organization.path).write {
            try $0.execute(sql: "DELETE FROM grdb_migrations WHERE identifier = '999'")
        }
        let store = try Store(path: organization.path, keys: organization.keys)
        defer { try? store.close() }
        #expect(try await store.read { try $0.user(user)?.name } == "user")
    }

    @Test("A file that is no database is damaged, and a folder that is absent cannot be opened")
    func unusableFiles() throws {
        let organization = try Organization()
        let path = organization.directory.appending(path: "other.sqlite").path
        try Data(repeating: 0x41, count: 5000).write(to: URL(filePath: path))
        #expect(throws: StoreError(.damaged, "")) { _ = try Store(path: path, keys: organization.keys) }
        #expect(throws: StoreError(.cannotOpen, "")) {
            _ = try Store(path: organization.directory.path + "/absent/mailkeep.sqlite", keys: organization.keys)
        }
    }

    @Test("Every table of ours is strict")
    func strictTables() async throws {
        let organization = try Organization()
        let tables = try await organization.read { transaction in
            try transaction.rows(
                """
                SELECT name, strict FROM pragma_table_list
                WHERE type = 'table' AND schema = 'main' AND name NOT LIKE 'sqlite_%' AND name <> 'grdb_migrations'
                """
            ).map { ($0["name"] as String, $0["strict"] as Bool) }
        }
        #expect(tables.count > 20)
        #expect(tables.filter { !$0.1 }.map(\.0).isEmpty)
    }

    @Test(
        "What does not fit is refused",
        arguments: [
            // Another type than the column's.
            "UPDATE user SET created_at = 'yesterday'", "UPDATE user SET name = x'00'",
            "INSERT INTO content VALUES ('text', 1, 1, 1)",
            // Not one of the values.
            "UPDATE user SET profile = 'owner'", "UPDATE user SET status = 'gone'",
            "UPDATE mail_addon SET sharing = 'all'",
            "INSERT INTO record (module, id, owner_id, name, created_at, modified_at) VALUES ('Tasks', 1, 1, '', 0, 0)",
            "INSERT INTO record (module, id, owner_id, name, created_at, modified_at) VALUES ('Leads', 0, 1, '', 0, 0)",
            // A second organisation; half a lock; a user who does not exist, or whose mailbox would be left behind.
            "INSERT INTO organization (id, name, created_at) VALUES (2, '', 0)", "UPDATE mail_addon SET locked_by = 1",
            "INSERT INTO mailbox (user_id, address, normalized_address, domain) VALUES (9, '', '', '')",
            "DELETE FROM user", "DELETE FROM mailbox", "DELETE FROM message", "DELETE FROM content",
        ]
    )
    func constraints(sql: String) async throws {
        let (organization, _) = try await Organization.make { scene in
            let user = try scene.user("user")
            try scene.mail("mail", in: scene.mailbox(of: user, .all), [Stage.customer: .from])
        }
        await #expect(throws: StoreError(.constraint, "")) {
            try await organization.write { try $0.database.execute(sql: sql) }
        }
    }

    @Test("A transaction whose body throws leaves nothing behind, and its error arrives as it is")
    func rollback() async throws {
        let (organization, _) = try await Organization.make { _ in }
        await #expect(throws: Missing.self) {
            try await organization.change { scene in
                _ = try scene.user("user")
                throw Missing(what: "anything")
            }
        }
        #expect(try await organization.read { try $0.users() }.isEmpty)
    }

    @Test("An error of the database tells no values")
    func errorsTellNoValues() async throws {
        let (organization, _) = try await Organization.make { try $0.user("somebody") }
        do {
            _ = try await organization.change { try $0.user("somebody") }
            Issue.record("an address was given twice")
        } catch let error as StoreError {
            #expect(error.code == .constraint)
            #expect(!"\(error)".contains("somebody"))
        }
    }
}
