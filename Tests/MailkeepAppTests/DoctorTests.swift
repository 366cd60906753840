import MailkeepModel
import MailkeepSync
import Synchronization
import Testing

@testable import MailkeepApp

@Suite("The doctor")
struct DoctorTests {
    @Test("While the doctor looks at the vault, and mends it, no garbage is collected")
    func beside() async throws {
        let office = try await Office()
        let retention = office.mailkeep.retention
        let isCollected = Mutex<[Bool]>([])
        let doctor = Doctor(isThorough: true, repairs: true) { progress in
            guard progress.check == .vault else { return }
            let isAlone = (try? await retention.deleting { true }) ?? false
            isCollected.withLock { $0.append(isAlone) }
        }
        #expect(try await doctor.run(in: office.mailkeep, origin: "test").findings.count == DoctorCheck.allCases.count)
        // Once while it looks, and once when it tells what it found.
        #expect(isCollected.withLock { $0 } == [false, true])
    }

    @Test(
        "Too little free space is told, and enough is not",
        arguments: [(Int64(500_000_000), false), (1 << 40, true)]
    )
    func disk(free: Int64, isEnough: Bool) async throws {
        let office = try await Office()
        var doctor = Doctor()
        doctor.freeBytes = free
        let report = try await doctor.run(in: office.mailkeep, origin: "test")
        let finding = try #require(report.findings.first { $0.check == .disk })
        #expect(finding.status == (isEnough ? .ok : .failed))
        #expect(finding.sentence == (isEnough ? "doctor.disk.ok" : "doctor.disk.low"))
        #expect(report.isHealthy == isEnough)
        #expect(report.findings.map(\.check) == DoctorCheck.allCases)
    }
}
