import Foundation
import MailVault
import MailkeepStore
import MailkeepSync

extension Vault {
    /// Hands the content that a row names to `write`, in pieces of at most 1 MiB.
    func copy(_ content: ContentLocation, to write: (Data) async throws -> Void) async throws {
        let reader = try makeReader(content)
        while let piece = try reader.next() { try await write(piece) }
    }
}
