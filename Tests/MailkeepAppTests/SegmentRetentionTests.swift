import Testing

@testable import MailkeepApp

@Suite("What keeps segments while they are copied")
struct SegmentRetentionTests {
    @Test("While a copy is made nothing is deleted, and while something is deleted no copy begins")
    func excludes() async throws {
        let retention = SegmentRetention()
        try await retention.retaining {
            await #expect(throws: AppError(.vaultBusy)) { try await retention.deleting {} }
            // Copies do not hold each other up.
            try await retention.retaining {}
        }
        try await retention.deleting {
            await #expect(throws: AppError(.vaultBusy)) { try await retention.retaining {} }
            await #expect(throws: AppError(.vaultBusy)) { try await retention.deleting {} }
        }
        await #expect(throws: AppError(.busy)) { try await retention.retaining { throw AppError(.busy) } }
        try await retention.deleting {}
    }
}
