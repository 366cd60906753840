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
        Failure(call: "pwrite64", error: "ENOSPC", stride: 60), Failure(call: "pwrite64", error: "EIO", stride: 80),
        Failure(call: "fdatasync", error: "EIO", stride: 15), Failure(call: "fsync", error: "EIO", stride: 1),
        Failure(call: "ftruncate", error: "EIO", stride: 1),
    ]
    private static let mails = 8

    @Test(
        "Whichever write or fsync fails, the backup fails with its reason or is whole, and the next run completes it",
        arguments: TestScale.isFull ? failures.map { [$0] } : [failures]
    )
    func failing(_ failures: [Failure]) async throws {
        try await Workplace.withLeaver(mails: Self.mails) { work in
            try work.keep()
            for failure in failures { try await fail(failure, in: work) }
        }
    }

    /// Lets one call after the other fail, each time from the state that was kept, until none does.
    private func fail(_ failure: Failure, in work: Workplace) async throws {
        var outcomes: [String: Int] = [:]
        // Threads are counted apart from each other: the vault's calls would hide behind the database's.
        for files in [[work.data] + work.databaseFiles, work.vaultFiles] {
            for number in stride(from: 1, to: 100_000, by: TestScale.number(failure.stride, inFull: 1)) {
                try work.beginAgain()
                let fault = work.fault(.failure(failure.error), at: number, of: failure.call, on: files)
                let answer = try await work.run(Workplace.startBackup, as: .ada, json: true, under: fault)
                guard let file = fault.failedOn.first else {
                    try answer.expectDone()
                    break
                }
                try await check(answer, "\(fault) on \(file)", in: work)
                outcomes["\(file) \(answer.status == 0 ? "completed" : "failed")", default: 0] += 1
            }
        }
        #expect(!outcomes.isEmpty, "\(failure.testDescription)")
        let told = outcomes.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        TestScale.tell("\(failure.testDescription): \(told)")
    }

    /// Checks what a run left in which a call failed, and lets the next one complete it.
    private func check(_ answer: ShellAnswer, _ fault: String, in work: Workplace) async throws {
        try #require(answer.status < 128, "\(fault): \(answer.errorText)")
        if answer.status != 0 {
            let error = try answer.error()
            #expect(["disk", "storage"].contains(error.details.reason), "\(fault): \(error)")
            #expect(answer.errorText.contains(error.message), "\(fault)")
        } else {
            // The log could not be copied into the database, or not be emptied: whoever opens it next does.
            #expect(answer.errorText.contains("the database was not closed in order"), "\(fault): \(answer.errorText)")
        }
        let backups = try await work.read(Backups.self, "backup list").backups
        #expect(backups.count <= 1, "\(fault)")
        let isCompleted = backups.first?.status == "completed"
        if let backup = backups.first, backup.status == "failed" {
            #expect(["disk", "storage"].contains(backup.error?.code), "\(fault)")
        }
        #expect(answer.status != 0 || isCompleted, "\(fault)")
        #expect(try await work.emails(seenBy: .owner)?.isEmpty == !isCompleted, "\(fault)")
        try await work.expectCompletion(of: Self.mails, fault)
    }

    @Test("After a failed fsync the vault is not asked again as if nothing were, until it is opened anew")
    func failedSync() async throws {
        try await Workplace.withLeaver(mails: Self.mails) { work in
            let fault = work.fault(.failure("EIO"), at: 1, of: "fdatasync", on: work.vaultFiles)
            try await work.startServer(under: fault)
            for _ in 0..<3 {
                let answer = try await work.run(Workplace.startBackup, as: .ada, json: true)
                #expect(answer.status == 1)
                #expect(try answer.error().details.reason == "storage")
                #expect(try await work.emails(seenBy: .owner)?.isEmpty == true)
            }
            #expect(fault.failedOn.count == 1 && fault.calls.count == 1, "\(fault.calls)")
            let backups = try await work.read(Backups.self, "backup list").backups
            #expect(backups.map(\.status) == ["failed", "failed", "failed"])
            try await work.stopServer()
            try await work.expectCompletion(of: Self.mails, "opened anew")
        }
    }
}
