import MailkeepSync
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

    @Test("Where mail is being written all the time, collecting garbage gives up, and holds nobody up")
    func givesUp() async throws {
        let office = try await Office()
        let writers = office.mailkeep.jobs.writers
        try await writers.withTurn {
            var collection = CollectGarbage(isDryRun: false)
            collection.patience = .milliseconds(20)
            await #expect(throws: AppError(.vaultBusy)) {
                _ = try await office.perform(collection, as: office.ada)
            }
            try await writers.withTurn {}
        }
        #expect(try await office.perform(CollectGarbage(isDryRun: false), as: office.ada).segments == 0)
    }
}
