import Foundation
import MailkeepModel
import MailkeepStore
import Synchronization
import Testing

@testable import MailkeepSync

@Suite("Several connections to one mailbox")
struct ManyConnectionsTests {
    /// A mailbox that allows several sessions, of which some may fail.
    private final class WideSource: MailSource {
        let source: UnreliableSource
        let width: Int
        private let allowed: Int
        private let state = Mutex((open: 0, most: 0, refused: 0))

        init(_ source: UnreliableSource, width: Int, allowed: Int = .max) {
            (self.source, self.width, self.allowed) = (source, width, allowed)
        }

        var mostOpen: Int { state.withLock(\.most) }
        var refused: Int { state.withLock(\.refused) }

        nonisolated(nonsending) func withSession(
            _ body: nonisolated(nonsending) (any MailSession) async throws -> Void
        ) async throws {
            let isAllowed = state.withLock { state in
                guard state.open < allowed else {
                    state.refused += 1
                    return false
                }
                state.open += 1
                state.most = max(state.most, state.open)
                return true
            }
            guard isAllowed else { throw SyncFailure(.connect, "too many connections") }
            defer { state.withLock { $0.open -= 1 } }
            try await source.withSession(body)
        }
    }

    private static func folders(_ counts: Int...) -> UnreliableSource {
        UnreliableSource(
            Dictionary(
                uniqueKeysWithValues: counts.enumerated().map { index, count in
                    (index == 0 ? "INBOX" : "Folder \(index)", UnreliableSource.Folder(mails: count))
                }
            )
        )
    }

    @Test("Everything is read once, whatever the number of connections", arguments: [1, 2, 3, 8])
    func shared(width: Int) async throws {
        let work = try await SyncWorkplace()
        let source = WideSource(Self.folders(1200, 900, 700, 1), width: width)
        let report = try await work.synchronise(source)
        #expect(report.progress.stored == 2801 && report.progress.found == 2801 && report.progress.considered == 2801)
        #expect(source.mostOpen <= width)
        #expect(width == 1 || source.mostOpen > 1)
        for (name, count) in [("INBOX", 1200), ("Folder 1", 900), ("Folder 2", 700), ("Folder 3", 1)] {
            #expect(try await work.counts(of: name)?.stored == count)
        }
        #expect(source.source.change(\.givenBodies).count == 2801)
        let asked = source.source.change(\.askedHeaders).count
        try await work.synchronise(source)
        #expect(source.source.change(\.askedHeaders).count == asked)
    }

    @Test("A mail that several folders hold is read once, also where they are read side by side", arguments: [1, 2, 4])
    func sharedMails(width: Int) async throws {
        let work = try await SyncWorkplace()
        let failing: Set<UInt32> = [5, 700]
        let source = WideSource(Self.folders(900, 900, 900), width: width)
        source.source.change { state in
            for name in state.folders.keys { state.folders[name]?.isShared = true }
            // What one folder does not give, or gives no more, another does.
            state.folders["INBOX"]?.refusedBodies = failing
            state.folders["Folder 1"]?.silentBodies = failing
        }
        let report = try await work.synchronise(source)
        #expect(source.source.change(\.givenBodies).sorted() == (1...900).map(UInt32.init))
        #expect(report.progress.found == 2700 && report.progress.stored == 2700)
        for name in ["INBOX", "Folder 1", "Folder 2"] { #expect(try await work.counts(of: name)?.stored == 900) }
        try await work.synchronise(source)
        #expect(source.source.change(\.givenBodies).count == 900)
    }

    @Test("A day's limit is kept to within a stretch of large mails")
    func dailyLimit() async throws {
        let work = try await SyncWorkplace()
        let size = 2 << 20
        let folders = ["INBOX", "Sent"].map { ($0, UnreliableSource.Folder(mails: 40, bodySize: size)) }
        let source = UnreliableSource(Dictionary(uniqueKeysWithValues: folders), dailyBytes: Int64(size))
        await #expect(throws: SyncFailure(.throttled, "")) { try await work.synchronise(source) }
        // What is recorded together is read.
        #expect(source.change(\.givenBodies).count <= 9)
    }

    @Test("A server that allows one connection only is read by that one")
    func narrow() async throws {
        let work = try await SyncWorkplace()
        let source = WideSource(Self.folders(900, 900), width: 3, allowed: 1)
        let report = try await work.synchronise(source)
        #expect(report.progress.stored == 1800 && report.isComplete)
        #expect(source.refused > 0 && source.mostOpen == 1)
    }

    @Test("A little is not worth a further connection")
    func little() async throws {
        let work = try await SyncWorkplace()
        let source = WideSource(Self.folders(20, 20, 20), width: 3)
        try await work.synchronise(source)
        #expect(source.mostOpen == 1)
    }

    @Test("Connections that break off lose nothing, and read nothing twice that was recorded")
    func breaking() async throws {
        let work = try await SyncWorkplace()
        let source = WideSource(Self.folders(1500, 1500), width: 2)
        source.source.change { $0.bodiesPerSession = 700 }
        let report = try await work.synchronise(source)
        #expect(report.isComplete)
        for name in ["INBOX", "Folder 1"] { #expect(try await work.counts(of: name)?.stored == 1500) }
        source.source.change { $0.bodiesPerSession = .max }
    }
}
