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
                if !readsMessages {
                    result.bytes = result.bytes.addingReportingOverflow(message.size).partialValue
                } else if try await isWhole(sha256, size: message.size) {
                    result.bytes = result.bytes.addingReportingOverflow(message.size).partialValue
                } else {
                    result.damaged.append(message.sha256)
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

    /// Whether the vault gives back the very bytes that have this SHA-256.
    private func isWhole(_ sha256: Data, size: Int64) async throws -> Bool {
        let key = Data(keys.contentKey(sha256: sha256))
        guard let location = try await store.read({ try $0.location(of: key) }) else { return false }
        var count: Int64 = 0
        do {
            // The key stands for the SHA-256: what comes is what has it, or is found to be damaged.
            try vault.read(location) { count += Int64($0.count) }
        } catch is VaultError {
            return false
        }
        return count == size
    }
}
