import Logging
import MailkeepModel
import MailkeepStore
import TestSupport
import Testing

@testable import MailkeepSync

@Suite("A mailbox that never rests", .timeLimit(.minutes(10)))
struct ChaosTests {
    private static func source(port: Int) -> IMAPSource {
        IMAPSource(
            server: MailServer(host: "127.0.0.1", port: port, security: .none),
            credentials: MailCredentials(username: "alice", password: "secret"),
            policy: NetworkPolicy(allowed: [Network("127.0.0.0/8")].compactMap(\.self)),
            width: 2,
            logger: Logger(label: "test")
        )
    }

    @Test("While mails come, move and go, nothing of the customer's that was seen is lost, doubled or changed")
    func chaos() async throws {
        let work = try await SyncWorkplace()
        try await withDovecot { server in
            let port = server.imapPort
            let chaos = try MailboxChaos(port: port, seed: 20_260_105)
            try await chaos.begin()
            let kept = try await withThrowingTaskGroup(of: Set<[UInt8]>.self) { group in
                group.addTask {
                    try await chaos.work()
                    return []
                }
                group.addTask {
                    var kept: Set<[UInt8]> = []
                    for _ in 0..<20 {
                        do {
                            try await work.synchronise(Self.source(port: port))
                        } catch is SyncFailure {
                            // A folder may go while it is read; what was stored before stays.
                        }
                        let stored = try await work.storedMails
                        #expect(Set(stored).count == stored.count)
                        #expect(kept.isSubset(of: stored))
                        kept = Set(stored)
                    }
                    await chaos.end()
                    return kept
                }
                return try await group.reduce(into: Set<[UInt8]>()) { $0.formUnion($1) }
            }

            let report = try await work.synchronise(Self.source(port: port))
            #expect(report.isComplete)
            let stored = try await work.storedMails
            let (folders, customers) = (await chaos.allFolders, await chaos.customers)
            #expect(kept.isSubset(of: stored) && Set(stored).count == stored.count)
            #expect(Set(stored).isSubset(of: customers))
            #expect(kept.count > 30 && folders.count > 3)
            for folder in folders {
                let mails = try server.exactMessages(in: folder, user: "alice")
                let wanted = mails.values.filter(customers.contains)
                #expect(Set(wanted).isSubset(of: stored), "\(folder)")
                #expect(report.onServer[folder] == mails.count, "\(folder)")
                let counts = try await work.counts(of: folder) ?? FolderCounts(name: folder)
                // What went while it was read is counted as well.
                #expect(counts.considered >= mails.count, "\(folder)")
                #expect(counts.associated == counts.stored + counts.notStored, "\(folder)")
                #expect(counts.stored >= wanted.count && counts.unreadable == 0 && counts.tooLarge == 0, "\(folder)")
            }
            let held = try await work.backUp(Self.source(port: port))
            for line in try await work.store.read({ try $0.folders(of: held.id) }) {
                #expect(
                    line.associated == line.stored + line.notStored && line.removed <= line.considered,
                    "\(line.name)"
                )
                if !folders.contains(line.name), line.excluded == nil {
                    #expect(line.onServer == 0 && line.removed == line.considered, "\(line.name)")
                }
            }
            let again = try await work.synchronise(Self.source(port: port))
            #expect(again.progress.considered == 0 && again.progress.stored == 0)
        }
    }
}
