import Crypto
import Foundation
package import MailVault
package import MailkeepKeys
package import MailkeepStore

/// What re-reading a backup found.
package struct BackupVerification: Sendable, Equatable {
    package var messages = 0
    package var bytes: Int64 = 0
    /// SHA-256 of messages that the vault does not give back whole.
    package var damaged: [String] = []
    /// Messages that were erased by law: of these the manifest, its root and its signature tell (B9).
    package var erased = 0
    /// The manifest itself, its root or its signature does not hold; why.
    package var manifestFault: String?

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
            result.manifestFault = "the backup is not completed"
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
            while let message = try lines.next() {
                try Task.checkCancellation()
                guard let sha256 = Data(hex: message.sha256) else { throw ManifestMalformed() }
                tree.append(sha256)
                guard readsMessages else {
                    result.messages += 1
                    result.bytes = result.bytes.addingReportingOverflow(message.size).partialValue
                    continue
                }
                switch try await state(of: sha256, size: message.size) {
                case .whole: result.bytes = result.bytes.addingReportingOverflow(message.size).partialValue
                case .erased: result.erased += 1
                case .damaged: result.damaged.append(message.sha256)
                }
                result.messages += 1
                if result.messages.isMultiple(of: 100) { try await onProgress(result.messages) }
            }
        } catch let error as VaultError {
            result.manifestFault = "the manifest cannot be read: \(error.code.rawValue)"
            return result
        } catch is ManifestMalformed {
            result.manifestFault = "the manifest has a line that is no message"
            return result
        }
        if !Signer.isValid(signature, for: Data(digest.finalize()), publicKey: keys.signer.publicKey) {
            result.manifestFault = "the signature does not fit the manifest"
        } else if tree.root != root || result.messages != backup.messages {
            result.manifestFault = "the messages do not give the root"
        }
        return result
    }

    private enum State {
        case whole
        case erased
        case damaged
    }

    /// Whether the vault gives back the very bytes that have this SHA-256, or a tombstone says that it does not any more.
    private func state(of sha256: Data, size: Int64) async throws -> State {
        let key = Data(keys.contentKey(sha256: sha256))
        let (location, tombstone) = try await store.read { (try $0.location(of: key), try $0.tombstone(of: key)) }
        guard let location else { return tombstone?.size == size ? .erased : .damaged }
        var count: Int64 = 0
        do {
            // The key stands for the SHA-256: what comes is what has it, or is found to be damaged.
            try vault.read(location) { count += Int64($0.count) }
        } catch is VaultError {
            return .damaged
        }
        return count == size ? .whole : .damaged
    }
}
