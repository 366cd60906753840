import GRDB
import MailkeepModel
import Testing

@testable import MailkeepStore

@Suite("The role hierarchy, and savepoints")
struct RoleTests {
    /// Every pair of a role and one above it, by name.
    private static func superiors(_ transaction: ReadTransaction) throws -> Set<String> {
        let rows = try transaction.rows(
            """
            SELECT role.name AS name, superior.name AS superior FROM role_superior
            JOIN role ON role.id = role_superior.role_id JOIN role AS superior ON superior.id = role_superior.superior_id
            """
        )
        return Set(rows.map { "\($0["name"] as String) < \($0["superior"] as String)" })
    }

    @Test("Every role above a role is above it, however far, and no other")
    func closure() async throws {
        let (organization, _) = try await Organization.make { scene in
            let director = try scene.role("director")
            let manager = try scene.role("manager", under: director)
            _ = try scene.role("seller", under: manager)
            _ = try scene.role("clerk", under: director)
        }
        #expect(
            try await organization.read(Self.superiors) == [
                "manager < director", "seller < manager", "seller < director", "clerk < director",
            ]
        )
    }

    @Test("A role that reports to another one takes those below it along")
    func moved() async throws {
        let (organization, _) = try await Organization.make { scene in
            let first = try scene.role("first")
            let second = try scene.role("second")
            let manager = try scene.role("manager", under: first)
            _ = try scene.role("seller", under: manager)
            try scene.transaction.setSuperior(of: manager, to: second)
            #expect(try scene.transaction.rebuildRoleHierarchy())
            #expect(
                try Self.superiors(scene.transaction) == ["manager < second", "seller < manager", "seller < second"]
            )
            try scene.transaction.setSuperior(of: manager, to: nil)
            #expect(try scene.transaction.rebuildRoleHierarchy())
        }
        #expect(try await organization.read(Self.superiors) == ["seller < manager"])
        let roles = try await organization.read { try $0.roles() }
        #expect(roles.map(\.name) == ["first", "second", "manager", "seller"])
        #expect(roles.last?.reportsTo == roles[2].id && roles[2].reportsTo == nil)
    }

    @Test("A role is found by its name when it is there already")
    func ensured() async throws {
        let (organization, _) = try await Organization.make { scene in
            let role = try scene.transaction.ensureRole(named: "seller")
            #expect(try scene.transaction.ensureRole(named: "seller") == role)
            #expect(try scene.transaction.ensureRole(named: "Seller") != role)
        }
        #expect(try await organization.read { try $0.roles() }.count == 2)
    }

    @Test("A cycle is told, however long, also beside roles that are in none", arguments: 1...4)
    func cycles(length: Int) async throws {
        let (organization, _) = try await Organization.make { scene in
            let top = try scene.role("top")
            _ = try scene.role("below", under: top)
            let roles = try (0..<length).map { try scene.transaction.ensureRole(named: "role \($0)") }
            for (index, role) in roles.enumerated() {
                try scene.transaction.setSuperior(of: role, to: roles[(index + 1) % length])
            }
            #expect(try scene.transaction.rebuildRoleHierarchy() == false)
            try scene.transaction.setSuperior(of: roles[0], to: top)
            #expect(try scene.transaction.rebuildRoleHierarchy())
        }
        #expect(try await organization.read(Self.superiors).count == 1 + length * (length + 1) / 2)
    }

    @Test("A savepoint undoes its own part only, and throws what was thrown")
    func savepoint() async throws {
        let (organization, _) = try await Organization.make { scene in
            _ = try scene.user("before")
            #expect(throws: Missing.self) {
                try scene.transaction.savepoint {
                    _ = try scene.user("undone")
                    #expect(throws: StoreError(.other, "")) {
                        try scene.transaction.savepoint {
                            _ = try scene.user("undone within")
                            throw StoreError(.other, "")
                        }
                    }
                    throw Missing(what: "anything")
                }
            }
            let kept = try scene.transaction.savepoint { try scene.user("kept") }
            #expect(try scene.transaction.user(kept)?.name == "kept")
            _ = try scene.user("after")
        }
        #expect(try await organization.read { try $0.users() }.map(\.name) == ["before", "kept", "after"])
    }

    @Test("A savepoint that a constraint ended lets the transaction go on")
    func constraint() async throws {
        let (organization, _) = try await Organization.make { scene in
            _ = try scene.user("user")
            #expect(throws: (any Error).self) {
                try scene.transaction.savepoint {
                    _ = try scene.user("undone")
                    _ = try scene.user("user")
                }
            }
        }
        #expect(try await organization.read { try $0.users() }.map(\.name) == ["user"])
    }
}
