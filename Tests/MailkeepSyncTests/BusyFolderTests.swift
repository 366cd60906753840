import Logging
import MailkeepModel
import TestSupport
import Testing

@testable import MailkeepSync

@Suite("Folders that are busy", .timeLimit(.minutes(10)))
struct BusyFolderTests {
    private static func source(port: Int) -> IMAPSource {
        var source = TornSession.source(port: port)
        source.busyPauses = [.milliseconds(1), .milliseconds(1)]
        return source
    }

    private static func folder(_ name: String, refusal: String? = nil) -> MailboxIMAPServer.Folder {
        .init(name: name, mails: [1: Array(SyncWorkplace.mail(name).utf8)], refusal: refusal)
    }

    @Test(
        "One folder that is busy alone is told as not read; the others are, and it is when it can be",
        arguments: ["NO [INUSE] somebody compacts it", "NO [UNAVAILABLE] its disk is away"]
    )
    func alone(refusal: String) async throws {
        let work = try await SyncWorkplace()
        let folders = [Self.folder("Archive", refusal: refusal), Self.folder("INBOX"), Self.folder("Work")]
        try await withMailboxIMAPServer(folders) { server in
            let source = Self.source(port: server.port)
            let report = try await work.synchronise(source)
            #expect(!report.isComplete && report.excluded == ["Archive": .unreadable])
            #expect(report.coveredUntil == nil && report.progress.stored == 2)
            #expect(server.connections == 1)
            #expect(try await work.subjects == ["INBOX", "Work"])

            server.change { $0[0].refusal = nil }
            let next = try await work.synchronise(source)
            #expect(next.isComplete && next.progress.stored == 1 && next.coveredUntil == work.lastRun)
            #expect(try await work.subjects == ["Archive", "INBOX", "Work"])
        }
    }

    @Test(
        "A server that is busy itself is left alone for a while",
        arguments: [
            ["INBOX", "Work"], ["INBOX"],
        ]
    )
    func all(busy: [String]) async throws {
        let work = try await SyncWorkplace()
        let folders = ["Work", "INBOX"].map {
            Self.folder($0, refusal: busy.contains($0) ? "NO [UNAVAILABLE] later" : nil)
        }
        try await withMailboxIMAPServer(folders) { server in
            await #expect(throws: SyncFailure(.throttled, "")) {
                try await work.synchronise(Self.source(port: server.port))
            }
            let covered = try await work.coveredUntil
            #expect(covered == nil)
        }
    }

    @Test("Servers that speak of their limits mean all folders", arguments: ["THROTTLED", "LIMIT", "OVERQUOTA"])
    func limits(code: String) async throws {
        let work = try await SyncWorkplace()
        let folders = [Self.folder("INBOX"), Self.folder("Work", refusal: "NO [\(code)] enough")]
        try await withMailboxIMAPServer(folders) { server in
            await #expect(throws: SyncFailure(.throttled, "")) {
                try await work.synchronise(Self.source(port: server.port))
            }
        }
    }
}
