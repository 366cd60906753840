package import Foundation
package import Logging
package import MailVault
package import MailkeepModel
package import MailkeepStore

/// Reads messages whose stored bytes are damaged again from the mailboxes that held them.
///
/// What comes is taken only where it is the very same message: its SHA-256 gives the same key.
package struct LostContent: Sendable {
    /// What became of one message.
    package enum Outcome: String, Sendable, CaseIterable {
        case fetched
        /// No mailbox that held it has it any more, or numbers it as before.
        case gone
        /// A mailbox that may hold it cannot be read.
        case unreachable
    }

    private let store: Store
    private let vault: any Vault
    private let sources: MailSources
    private let logger: Logger

    package init(store: Store, vault: any Vault, sources: MailSources, logger: Logger) {
        self.store = store
        self.vault = vault
        self.sources = sources
        self.logger = logger
    }

    /// Reads messages again, by the keys of their content.
    ///
    /// - Throws: `CancellationError`, what the database throws, and `VaultError` where nothing can be stored.
    package func fetch(_ keys: [Data], permissions: JobPermissions) async throws -> [Data: Outcome] {
        var outcomes: [Data: Outcome] = [:]
        for key in keys { outcomes[key] = .gone }
        let places = try await store.read { transaction in try keys.flatMap { try transaction.places(ofContent: $0) } }
        for (user, ofUser) in Dictionary(grouping: places, by: \.user).sorted(by: { $0.key.rawValue < $1.key.rawValue })
        {
            let wanted = ofUser.filter { outcomes[$0.key] != .fetched }
            guard !wanted.isEmpty else { continue }
            do {
                try await fetch(wanted, of: user, permissions, &outcomes)
            } catch  where SyncFailure.isOfTheMailbox(error) {
                logger.info(
                    "a mailbox cannot be read",
                    metadata: ["user": "\(user)", "failure": "\(SyncFailure(error))"]
                )
                for place in wanted where outcomes[place.key] == .gone { outcomes[place.key] = .unreachable }
            }
        }
        return outcomes
    }

    private nonisolated(nonsending) func fetch(
        _ places: [ContentPlace],
        of user: UserID,
        _ permissions: JobPermissions,
        _ outcomes: inout [Data: Outcome]
    ) async throws {
        // The attached source of a leaver, else the user's own mailbox.
        let source = try await sources.forBackup(of: user, permissions: permissions).source
        var found: [Data: DurableContent] = [:]
        try await source.withSession { session in
            let folders = try await session.folders()
            for (name, wanted) in Dictionary(grouping: places, by: \.folder) {
                guard let folder = folders.first(where: { $0.name == name }) else { continue }
                _ = try await session.open(folder)
                let valid = wanted.filter {
                    found[$0.key] == nil && session.uidValidity(below: $0.nextUID) == $0.uidValidity
                }
                guard !valid.isEmpty else { continue }
                let keys = Dictionary(valid.map { ($0.uid, $0.key) }, uniquingKeysWith: { first, _ in first })
                _ = try await session.bodies(of: keys.keys.sorted()) { body in
                    guard let key = keys[body.uid] else { return }
                    let writer = try vault.makeWriter(isAnew: true)
                    try await body.forEachChunk { try writer.write($0) }
                    let content = DurableContent(try writer.finish())
                    if content.key == key { found[key] = content }
                }
            }
        }
        try vault.sync()
        let contents = Array(found.values)
        try await store.write { transaction in
            for content in contents { try transaction.replaceContent(content) }
        }
        for key in found.keys { outcomes[key] = .fetched }
    }
}
