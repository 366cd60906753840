import Crypto
import Foundation
package import MailVault
package import MailkeepKeys
package import MailkeepStore

/// Why a manifest does not hold.
package enum ManifestFault: String, Sendable, CaseIterable {
    /// The backup is not completed.
    case notCompleted = "not_completed"
    /// The vault does not give the manifest back.
    case unreadable
    /// It has a line that is no message.
    case malformed
    /// The signature does not fit it.
    case signature
    /// Its messages do not give the root.
    case root
}

/// What re-reading a backup found.
package struct BackupVerification: Sendable, Equatable {
    package var messages = 0
    package var bytes: Int64 = 0
    /// SHA-256 of messages that the vault does not give back whole.
    package var damaged: [String] = []
    /// Messages that were erased by law: of these the manifest, its root and its signature tell (B9).
    package var erased = 0
    /// The manifest itself, its root or its signature does not hold; why.
    package var manifestFault: ManifestFault?

    package init() {}

    package var isWhole: Bool { damaged.isEmpty && manifestFault == nil }
}

/// Proves a backup whole: re-reads its manifest and every byte of every message that it names (B9).
package struct BackupVerifier: Sendable {
    private let store: Store
    private let vault: any Vault
    private let keys: KeyRing

    package init(store: Store, vault: any Vault, keys: KeyRing) {
        self.store = store
        self.vault = vault
        self.keys = keys
    }

    /// Verifies a completed backup; `onProgress` is told the messages read so far.
    ///
    /// - Parameter readsMessages: whether the messages themselves are read, and not only the manifest.
    /// - Throws: `CancellationError`, and what the database throws; damage is told in the result, not thrown.
    package func verify(
        _ backup: BackupDetails,
        readsMessages: Bool = true,
        onProgress: (Int) async throws -> Void
    ) async throws -> BackupVerification {
        var result = BackupVerification()
        guard let manifest = backup.manifest, let root = backup.root, let signature = backup.signature else {
            result.manifestFault = .notCompleted
            return result
        }
        var tree = MerkleTree()
        var digest = SHA256()
        do {
            let reader = try vault.makeReader(manifest)
            var lines = ManifestLines<ManifestMessage> {
                let piece = try reader.next()
                if let piece { digest.update(data: piece) }
                return piece
            }
            var batch: [(sha256: Data, size: Int64)] = []
            func check() async throws {
                try Task.checkCancellation()
                let states = try await readsMessages ? states(of: batch, in: backup) : batch.map { _ in .whole }
                for (message, state) in zip(batch, states) {
                    switch state {
                    case .whole: result.bytes = result.bytes.addingReportingOverflow(message.size).partialValue
                    case .erased: result.erased += 1
                    case .damaged: result.damaged.append(message.sha256.hex)
                    }
                }
                result.messages += batch.count
                batch.removeAll(keepingCapacity: true)
                try await onProgress(result.messages)
            }
            while let message = try lines.next() {
                guard let sha256 = Data(hex: message.sha256) else { throw ManifestMalformed() }
                tree.append(sha256)
                batch.append((sha256, message.size))
                if batch.count == Self.batch { try await check() }
            }
            try await check()
        } catch is VaultError {
            result.manifestFault = .unreadable
            return result
        } catch is ManifestMalformed {
            result.manifestFault = .malformed
            return result
        }
        if !Signer.isValid(signature, for: Data(digest.finalize()), publicKey: keys.signer.publicKey) {
            result.manifestFault = .signature
        } else if tree.root != root || result.messages != backup.messages {
            result.manifestFault = .root
        }
        return result
    }

    /// Messages that are looked up together, and read on all processors: enough that these seldom wait for each other.
    private static let batch = 1000

    private enum State {
        case whole
        case erased
        case damaged
    }

    private func states(
        of messages: [(sha256: Data, size: Int64)],
        in backup: BackupDetails
    ) async throws -> [State] {
        let contents = messages.map { Data(keys.contentKey(sha256: $0.sha256)) }
        let places = try await store.read { transaction in
            try contents.map { content in
                // A copy that came after the erasure, and that this backup has taken, is mail like any other.
                let tombstone = try transaction.tombstone(of: content)
                let isHeld = try tombstone != nil && transaction.holds(content: content, backup)
                return (try transaction.location(of: content), isHeld ? nil : tombstone?.size)
            }
        }
        let workers = max(1, ProcessInfo.processInfo.activeProcessorCount)
        return try await withThrowingTaskGroup(of: [(Int, State)].self) { group in
            for worker in 0..<workers {
                group.addTask {
                    try stride(from: worker, to: messages.count, by: workers).map { index in
                        let (location, erasedSize) = places[index]
                        // Before its place, which is there still where another message is made of its bytes.
                        if erasedSize == messages[index].size { return (index, .erased) }
                        guard let location else { return (index, .damaged) }
                        return (index, try isWhole(location, size: messages[index].size) ? .whole : .damaged)
                    }
                }
            }
            return try await group.reduce(into: messages.map { _ in State.damaged }) { states, part in
                for (index, state) in part { states[index] = state }
            }
        }
    }

    /// Whether the vault gives back what the key of content stands for, which is its SHA-256, and so many bytes.
    private func isWhole(_ location: ContentLocation, size: Int64) throws -> Bool {
        var count: Int64 = 0
        do {
            try vault.read(location) { count += Int64($0.count) }
        } catch is VaultError {
            return false
        }
        return count == size
    }
}
