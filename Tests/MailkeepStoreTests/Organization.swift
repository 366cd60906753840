import Foundation
import MailkeepKeys

@testable import MailkeepStore

/// An organisation in a database of its own, removed when the value goes.
final class Organization: Sendable {
    let directory: URL
    let keys: KeyRing
    let store: Store

    var path: String { directory.appending(path: "mailkeep.sqlite").path }

    init() throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "mailkeep-store-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        keys = try KeyRing.create(in: directory)
        store = try Store(path: directory.appending(path: "mailkeep.sqlite").path, keys: keys)
    }

    deinit {
        try? store.close()
        try? FileManager.default.removeItem(at: directory)
    }

    /// Named, and with what `body` adds to it.
    static func make<Result: Sendable>(
        _ body: @escaping @Sendable (Scene) throws -> Result
    ) async throws -> (Organization, Result) {
        let organization = try Organization()
        let result = try await organization.change { scene in
            try scene.transaction.createOrganization(name: "Example", at: scene.now)
            return try body(scene)
        }
        return (organization, result)
    }

    func change<Result: Sendable>(_ body: @escaping @Sendable (Scene) throws -> Result) async throws -> Result {
        try await write { [hasher = keys.addressHasher] in try body(Scene(transaction: $0, hasher: hasher)) }
    }

    // The directory stands for as long as it is worked in, though nobody else hold the organisation any more.

    func read<Result: Sendable>(
        _ body: @escaping @Sendable (ReadTransaction) throws -> Result
    ) async throws -> Result {
        defer { withExtendedLifetime(self) {} }
        return try await store.read(body)
    }

    func write<Result: Sendable>(
        _ body: @escaping @Sendable (WriteTransaction) throws -> Result
    ) async throws -> Result {
        defer { withExtendedLifetime(self) {} }
        return try await store.write(body)
    }
}
