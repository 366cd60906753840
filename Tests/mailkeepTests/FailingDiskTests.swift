import Foundation
import MailkeepModel
import TestSupport
import Testing

@Suite(
    "Disks that fail, by shell",
    .enabled(if: FaultInjection.isPossible, "strace cannot watch programs here"),
    .timeLimit(.minutes(60))
)
struct FailingDiskTests {
    /// A call that fails, and every how-manieth of them usually.
    struct Failure: Sendable, CustomTestStringConvertible {
        let call: String
        let error: String
        let stride: Int

        var testDescription: String { "\(call) \(error)" }
    }

    private static let failures = [
        Failure(call: "pwrite64", error: "ENOSPC", stride: 23), Failure(call: "pwrite64", error: "EIO", stride: 29),
        Failure(call: "fdatasync", error: "EIO", stride: 5), Failure(call: "fsync", error: "EIO", stride: 1),
        Failure(call: "ftruncate", error: "EIO", stride: 1),
    ]
    private static let leaver = Workplace.Person.leaver.rawValue
    private static let start = "backup start --user \(leaver) --wait \(Workplace.network)"
    private static let wanted = StoryMail.associated(StoryMail.before)

    @Test(
        "Whichever write or fsync fails, the backup fails with its reason or is whole, and the next run completes it",
        arguments: failures
    )
    func failing(_ failure: Failure) async throws {
        try await withLeaver { work in
            try work.keep()
            let stride = TestScale.number(failure.stride, inFull: 1)
            var (runs, failed, number) = (0, 0, 1)
            while true {
                try work.beginAgain()
                let fault = work.fault(.failure(failure.error), at: number, of: failure.call)
                let answer = try await work.run(Self.start, as: .ada, json: true, under: fault)
                guard fault.hasHappened else {
                    try answer.expectDone()
                    break
                }
                runs += 1
                if try await check(answer, "\(fault)", in: work) { failed += 1 }
                number += stride
            }
            #expect(runs > 0)
            TestScale.tell("\(failure.call) \(failure.error): \(runs) runs, of which \(failed) failed")
        }
    }

    /// Checks what a run left in which a call failed, and lets the next one complete it.
    ///
    /// - Returns: whether the run failed.
    private func check(_ answer: ShellAnswer, _ fault: String, in work: Workplace) async throws -> Bool {
        try #require(answer.status < 128, "\(fault): \(answer.errorText)")
        if answer.status != 0 {
            let error = try answer.error()
            #expect(["disk", "storage"].contains(error.details.reason), "\(fault): \(error)")
            #expect(answer.errorText.contains(error.message), "\(fault)")
        }
        let backups = try await work.read(Backups.self, "backup list").backups
        #expect(backups.count <= 1, "\(fault)")
        let isCompleted = backups.first?.status == "completed"
        if let backup = backups.first, backup.status == "failed" {
            #expect(["disk", "storage"].contains(backup.error?.code), "\(fault)")
        }
        #expect(answer.status != 0 || isCompleted, "\(fault)")
        let seen = try #require(try await work.emails(seenBy: .owner)).map(\.sha256)
        #expect(seen.count == (isCompleted ? Self.wanted.count : 0), "\(fault)")

        if !isCompleted { try await work.run(Self.start, as: .ada).expectDone() }
        let all = try await work.read(Backups.self, "backup list").backups
        let completed = try #require(all.first { $0.status == "completed" })
        try await work.run("backup verify \(completed.id)", as: .ada).expectDone()
        let hashes = try await work.emails(seenBy: .owner)?.map(\.sha256) ?? []
        #expect(Set(hashes) == Self.wanted && hashes.count == Self.wanted.count, "\(fault)")
        #expect(try work.count("message") == Self.wanted.count, "\(fault)")
        #expect(try work.count(Workplace.wholeContents) == Self.wanted.count + 1, "\(fault)")
        try await work.expectHealthy(fault, thorough: true)
        return answer.status != 0
    }

    @Test("After a failed fsync the vault is not asked again as if nothing were, until it is opened anew")
    func failedSync() async throws {
        try await withLeaver { work in
            let fault = work.fault(.failure("EIO"), at: 1, of: "fdatasync", on: (1...9).map(work.segment))
            try await work.startServer(under: fault)
            for _ in 0..<3 {
                let answer = try await work.run(Self.start, as: .ada, json: true)
                #expect(answer.status == 1)
                #expect(try answer.error().details.reason == "storage")
                #expect(try await work.emails(seenBy: .owner)?.isEmpty == true)
            }
            #expect(fault.hasHappened && fault.calls.count == 1, "\(fault.calls)")
            let backups = try await work.read(Backups.self, "backup list").backups
            #expect(backups.map(\.status) == ["failed", "failed", "failed"])
            // strace does not hand on that it is to end.
            kill(pid_t(try #require(work.serverProcess)), SIGTERM)
            try await work.stopServer()

            try await work.startServer()
            let backup = try await work.backUp()
            #expect(backup.messages == Self.wanted.count)
            try await work.run("backup verify \(backup.id)", as: .ada).expectDone()
            try await work.expectHealthy("opened anew", thorough: true)
        }
    }

    private func withLeaver(_ body: @escaping @Sendable (Workplace) async throws -> Void) async throws {
        try await DovecotServer.withLeaver { server in
            try server.deliver(StoryMail.before)
            try await withWorkplace(log: "info") { work in
                try await work.save(Workplace.Mailbox(on: server)).expectDone()
                try await work.deactivate()
                try await body(work)
            }
        }
    }
}
