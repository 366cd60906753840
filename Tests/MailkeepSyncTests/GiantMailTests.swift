import MailkeepModel
import MailkeepStore
import TestSupport
import Testing

@testable import MailkeepSync

@Suite("Mails and folders of unusual size", .timeLimit(.minutes(10)))
struct GiantMailTests {
    /// A hundred thousand where the tests are thorough.
    private static let recipients = TestScale.isFull ? 100_000 : 10_000

    @Test("A mail to thousands is found by the last of its addresses")
    func manyRecipients() async throws {
        let work = try await SyncWorkplace()
        let others = (0..<Self.recipients).map { "p\($0)@many.example" }.joined(separator: ",\r\n ")
        let mail =
            "From: a@many.example\r\nTo: \(others)\r\nCc: \(SyncWorkplace.customer)\r\nSubject: all\r\n\r\nHello\r\n"
        let folder = MailboxIMAPServer.Folder(name: "INBOX", mails: [1: Array(mail.utf8)])
        try await withMailboxIMAPServer([folder]) { server in
            let report = try await work.synchronise(TornSession.source(port: server.port))
            #expect(report.isComplete && report.progress.stored == 1)
        }
        #expect(try await work.storedMails == [Array(mail.utf8)])
    }

    @Test("Hundreds of folders are each read once")
    func manyFolders() async throws {
        let work = try await SyncWorkplace()
        let folders = (0..<300).map { number in
            let mail = Array(SyncWorkplace.mail("\(number)").utf8)
            return MailboxIMAPServer.Folder(name: number == 0 ? "INBOX" : "F\(number)", mails: [7: mail])
        }
        try await withMailboxIMAPServer(folders) { server in
            let report = try await work.synchronise(TornSession.source(port: server.port))
            #expect(report.isComplete && report.progress.stored == 300 && report.onServer.count == 300)
        }
        #expect(try await work.storedMails.count == 300)
    }
}
