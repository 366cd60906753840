import MailkeepModel
import Testing

@testable import MailkeepStore

@Suite("The list of users, from the database")
struct UserPageTests {
    private static func find(_ change: @Sendable @escaping (inout UserQuery) -> Void) async throws -> String {
        let (organization, _) = try await Organization.make { scene in
            let sales = try scene.role("Sales")
            _ = try scene.user("carl", status: .inactive, role: sales)
            _ = try scene.user("Berta", .administrator)
            _ = try scene.user("anton", role: try scene.role("Board"))
        }
        var query = UserQuery()
        change(&query)
        return try await organization.read { [query] transaction in
            let page = try transaction.users(query)
            return "\(page.items.map(\.name).joined(separator: " ")) of \(page.total ?? -1)\(page.hasMore ? "…" : "")"
        }
    }

    @Test("Users are searched, filtered, sorted and counted")
    func find() async throws {
        #expect(try await Self.find { _ in } == "anton Berta carl of 3")
        #expect(try await Self.find { $0.page = PageRequest(1, size: 2) } == "anton Berta of 3…")
        #expect(try await Self.find { $0.page = PageRequest(2, size: 2) } == "carl of 3")
        #expect(try await Self.find { $0.search = "ＢＥＲ" } == "Berta of 1")
        #expect(try await Self.find { $0.search = "carl@EXAMPLE" } == "carl of 1")
        #expect(try await Self.find { $0.status = .active } == "anton Berta of 2")
        #expect(try await Self.find { $0.profile = .administrator } == "Berta of 1")
        #expect(try await Self.find { $0.role = RoleID(rawValue: 1) } == "carl of 1")
        #expect(try await Self.find { $0.sorting = Sorting(by: .role) } == "anton carl Berta of 3")
        #expect(try await Self.find { $0.sorting = Sorting(by: .role, isDescending: true) } == "carl anton Berta of 3")
        #expect(try await Self.find { $0.sorting = Sorting(by: .email, isDescending: true) } == "carl anton Berta of 3")
        #expect(try await Self.find { $0.sorting = Sorting(by: .status) } == "Berta anton carl of 3")
        #expect(try await Self.find { $0.sorting = Sorting(by: .profile) } == "Berta carl anton of 3")
    }

    @Test("A page that makes no sense is brought within what is possible")
    func bounds() {
        #expect(PageRequest(0, size: 0) == PageRequest(1, size: 1))
        #expect(PageRequest(.max, size: .max).size == PageRequest.maximumSize)
        #expect(PageRequest(.max, size: .max).offset > 0)
    }
}
