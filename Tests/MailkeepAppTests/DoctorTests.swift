import MailkeepModel
import Testing

@testable import MailkeepApp

@Suite("The doctor")
struct DoctorTests {
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
