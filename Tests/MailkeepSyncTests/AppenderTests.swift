import Foundation
import IMAPClient
import Logging
import MailkeepModel
import MailkeepStore
import NIOCore
import TestSupport
import Testing

@testable import MailkeepSync

@Suite("Mail is put back into a mailbox", .timeLimit(.minutes(3)))
struct AppenderTests {
    /// Mail that is stored, with its folder.
    private static func mails(_ count: Int, in folder: String = "Orders") -> [String: [[UInt8]]] {
        [folder: (1...count).map { Array(SyncWorkplace.mail("mail \($0).").utf8) }]
    }

    /// Stores mail as a synchronisation does, and gives what would be put back.
    private func stored(_ folders: [String: [[UInt8]]], in work: SyncWorkplace) async throws -> [AppendItem] {
        let source = folders.map { name, mails in
            MailboxIMAPServer.Folder(
                name: name,
                mails: Dictionary(uniqueKeysWithValues: mails.enumerated().map { (UInt32($0 + 1), $1) })
            )
        }
        try await withMailboxIMAPServer(source) { try await work.synchronise(work.imap(port: $0.port)) }
        let owner = work.owner
        let items = try await work.store.read { transaction in
            try transaction.ownMessages(of: owner).flatMap { message in
                try transaction.places(of: message.id, of: owner).map { place in
                    AppendItem(
                        message: message.id,
                        sha256: message.summary.sha256,
                        size: message.size,
                        content: message.content,
                        folder: AppendItem.levels(of: place.folder, delimiter: place.delimiter),
                        flags: place.flags ?? .unknown,
                        datedAt: place.datedAt
                    )
                }
            }
        }
        #expect(items.count == folders.values.map(\.count).reduce(0, +))
        return items.sorted { ($0.folder.joined(), $0.message.rawValue) < ($1.folder.joined(), $1.message.rawValue) }
    }

    private func put(
        _ items: [AppendItem],
        to server: AppendIMAPServer,
        in work: SyncWorkplace,
        patience: TimeAmount = .seconds(60)
    ) async throws -> AppendReport {
        var source = work.imap(port: server.port)
        source.responseTimeout = patience
        let appender = MailAppender(
            into: source,
            store: work.store,
            vault: work.vault,
            keys: work.keys,
            pause: .milliseconds(1),
            logger: Logger(label: "test")
        )
        var pages = [items]
        return try await appender.run {
            pages.popLast()
        } onProgress: { _ in
        }
    }

    private static let offers = ["", "UIDPLUS", "LITERAL+ MULTIAPPEND UIDPLUS", "LITERAL- MULTIAPPEND", "LITERAL+"]

    @Test("Each mail is there to the byte, once, however often it is put there", arguments: offers)
    func twice(capabilities: String) async throws {
        let work = try await SyncWorkplace()
        var mails = Self.mails(40)
        mails["Orders"]?.append(Array(SyncWorkplace.mail("large").utf8) + [UInt8](repeating: 120, count: 3_000_000))
        let items = try await stored(mails, in: work)
        try await withAppendIMAPServer(capabilities: capabilities) { [mails] server in
            let first = try await put(items, to: server, in: work)
            #expect(first.appended == 41 && first.present == 0 && first.refusedCount == 0 && first.folders == 1)
            #expect(first.stop == nil && first.unconfirmed == 0)
            let there = try #require(server.folders["Orders"])
            #expect(Set(there.map(\.bytes)) == Set(mails["Orders"] ?? []) && there.count == 41)
            #expect(there.allSatisfy { $0.head.contains("\"01-Jan-2026 10:00:00 +0000\"") && $0.head.contains("Seen") })
            let second = try await put(items, to: server, in: work)
            #expect(second.appended == 0 && second.present == 41)
            #expect(server.folders["Orders"]?.count == 41)
            // As many commands as needed: one for each mail, or few.
            let commands = server.received.count { $0.contains("APPEND") }
            #expect(capabilities.contains("MULTIAPPEND") ? commands < 10 : commands == 41)
        }
    }

    @Test(
        "What the server has from elsewhere counts as the same with other line ends and further fields, not otherwise"
    )
    func same() async throws {
        let work = try await SyncWorkplace()
        let items = try await stored(Self.mails(4), in: work)
        let own = Self.mails(4)["Orders"] ?? []
        let text = { (bytes: [UInt8]) in String(decoding: bytes, as: UTF8.self) }
        let there = [
            Array(("Received: by a server\r\n" + text(own[0])).utf8),
            Array(text(own[1]).replacing("\r\n", with: "\n").utf8),
            Array((text(own[2]) + "more").utf8),
            Array(text(own[3]).replacing("Subject: ", with: "Subject: Re: ").utf8),
        ]
        try await withAppendIMAPServer(["INBOX": [], "Orders": there]) { server in
            let report = try await put(items, to: server, in: work)
            #expect(report.present == 2 && report.appended == 2)
            let new = (server.folders["Orders"] ?? []).dropFirst(4).map(\.bytes)
            #expect(Set(new) == [own[2], own[3]])
        }
    }

    @Test("A server that makes something else of mail is asked by the names that it gave", arguments: [true, false])
    func rewriting(mangles: Bool) async throws {
        let work = try await SyncWorkplace()
        let items = try await stored(Self.mails(5), in: work)
        try await withAppendIMAPServer(capabilities: mangles ? "UIDPLUS" : "") { server in
            server.fail([mangles ? .mangle : .rewrite])
            let first = try await put(items, to: server, in: work)
            let second = try await put(items, to: server, in: work)
            #expect(first.appended == 5 && second.present == 5)
            #expect(server.folders["Orders"]?.count == 5)
        }
    }

    @Test(
        "One mail that is refused is told with the server's words, and the others are put there",
        arguments: offers,
        ["NO [CANNOT] NUL in mail", "BAD bad literal", "NO too large", "NO [UNAVAILABLE] try later"]
    )
    func oneRefused(capabilities: String, answer: String) async throws {
        let work = try await SyncWorkplace()
        let items = try await stored(Self.mails(20), in: work)
        try await withAppendIMAPServer(capabilities: capabilities) { server in
            server.fail([.refuse("mail 7.", answer: answer)])
            let report = try await put(items, to: server, in: work)
            #expect(report.appended == 19 && report.refusedCount == 1 && report.stop == nil)
            let refusal = try #require(report.refusals.first)
            #expect(refusal.reason == .refused && refusal.folder == "Orders")
            #expect(answer.contains(refusal.words?.split(separator: " ").last ?? "-"))
            server.fail([])
            let next = try await put(items, to: server, in: work)
            #expect(next.appended == 1 && next.present == 19)
        }
    }

    @Test("A mail that is larger than the server takes is not sent", arguments: ["APPENDLIMIT=1000", "LITERAL+"])
    func tooLarge(capability: String) async throws {
        let work = try await SyncWorkplace()
        var mails = Self.mails(2)
        mails["Orders"]?.append(Array(SyncWorkplace.mail("large").utf8) + [UInt8](repeating: 120, count: 2_000_000))
        let items = try await stored(mails, in: work)
        try await withAppendIMAPServer(capabilities: capability) { server in
            server.fail([.refuseLarge(1_000_000, answer: "NO [TOOBIG] no")])
            let report = try await put(items, to: server, in: work)
            #expect(report.appended == 2 && report.refusals.map(\.reason) == [.tooLarge])
        }
    }

    @Test(
        "A full mailbox ends it, and with room again it goes on",
        arguments: ["NO [OVERQUOTA] full", "NO Quota exceeded"]
    )
    func full(answer: String) async throws {
        let work = try await SyncWorkplace()
        let items = try await stored(Self.mails(30), in: work)
        try await withAppendIMAPServer(capabilities: "UIDPLUS") { server in
            server.fail([.full(after: 12, answer: answer)])
            let report = try await put(items, to: server, in: work)
            #expect(report.appended == 12 && report.refusedCount == 0)
            guard case .full = report.stop else {
                Issue.record("it goes on")
                return
            }
            server.fail([])
            let next = try await put(items, to: server, in: work)
            #expect(next.appended == 18 && next.present == 12 && next.stop == nil)
            #expect(server.folders["Orders"]?.count == 30)
        }
    }

    @Test("Where the connection ends after a mail was taken, none is doubled", arguments: offers, [1, 7, 20])
    func closes(capabilities: String, after: Int) async throws {
        let work = try await SyncWorkplace()
        let items = try await stored(Self.mails(20), in: work)
        try await withAppendIMAPServer(capabilities: capabilities) { server in
            server.fail([.closeOnce(after: after)])
            let report = try await put(items, to: server, in: work)
            #expect(report.stop == nil && report.appended == 20 && report.present == 0)
            #expect(Set((server.folders["Orders"] ?? []).map(\.bytes)).count == 20)
            #expect(server.folders["Orders"]?.count == 20)
        }
    }

    @Test("A mail at which the server breaks off, or falls silent, is passed over", arguments: [true, false], offers)
    func oneBreaks(stalls: Bool, capabilities: String) async throws {
        let work = try await SyncWorkplace()
        let items = try await stored(Self.mails(12), in: work)
        try await withAppendIMAPServer(capabilities: capabilities) { server in
            server.fail([stalls ? .stallAt("mail 5.") : .closeAt("mail 5.")])
            let report = try await put(
                items,
                to: server,
                in: work,
                patience: stalls ? .seconds(2) : .seconds(60)
            )
            #expect(report.stop == nil && report.appended == 11)
            #expect(report.refusals.map(\.reason) == [.breaksOff])
        }
    }

    @Test("What the server says it took and does not have is counted", arguments: ["UIDPLUS", ""])
    func lies(capabilities: String) async throws {
        let work = try await SyncWorkplace()
        let items = try await stored(Self.mails(6), in: work)
        try await withAppendIMAPServer(capabilities: capabilities) { server in
            server.fail([.lie("mail 6.")])
            let first = try await put(items, to: server, in: work)
            #expect(first.appended == 6 && first.unconfirmed == 1)
            server.fail([])
            let next = try await put(items, to: server, in: work)
            #expect(next.appended == 1 && next.present == 5 && next.unconfirmed == 0)
        }
    }

    @Test("A folder that is gone meanwhile is made (TRYCREATE); a server that takes nothing is left")
    func folders() async throws {
        let work = try await SyncWorkplace()
        let items = try await stored(Self.mails(30), in: work)
        try await withAppendIMAPServer(["INBOX": [], "Orders": []]) { server in
            server.fail([.forget("Orders")])
            let report = try await put(items, to: server, in: work)
            #expect(report.appended == 30)
        }
        try await withAppendIMAPServer { server in
            server.fail([.refuse("mail", answer: "NO [NOPERM] read-only")])
            let report = try await put(items, to: server, in: work)
            #expect(report.appended == 0 && report.refusedCount < 30)
            guard case .failure(let failure) = report.stop else {
                Issue.record("it goes on")
                return
            }
            #expect(failure.code == .server)
        }
    }

    @Test("A server that asks to wait is left; what is damaged here is told, and the rest goes on")
    func waits() async throws {
        let work = try await SyncWorkplace()
        let items = try await stored(Self.mails(8), in: work)
        try await withAppendIMAPServer { server in
            server.fail([.refuse("mail", answer: "NO [THROTTLED] later")])
            guard case .failure(let failure) = try await put(items, to: server, in: work).stop else {
                Issue.record("it goes on")
                return
            }
            #expect(failure.code == .throttled)
            server.fail([])
            var damaged = items
            let place = items[2].content
            damaged[2].content = ContentLocation(
                key: Data(repeating: 7, count: place.key.count),
                segment: place.segment,
                offset: place.offset,
                length: place.length
            )
            let report = try await put(damaged, to: server, in: work)
            #expect(report.appended == 7 && report.refusals.map(\.reason) == [.damaged] && report.stop == nil)
        }
    }

    @Test("Folders below a prefix are made one by one, and listed ones are used")
    func prefix() async throws {
        let work = try await SyncWorkplace()
        let items = try await stored(["Orders/2024": Self.mails(2)["Orders"] ?? []], in: work)
        try await withAppendIMAPServer(delimiter: ".", prefix: "INBOX.", ["INBOX": []]) { server in
            let report = try await put(items, to: server, in: work)
            #expect(report.appended == 2 && report.folders == 2)
            #expect(server.folders.keys.sorted() == ["INBOX", "INBOX.Orders", "INBOX.Orders.2024"])
            #expect(server.received.contains { $0.contains("SUBSCRIBE \"INBOX.Orders.2024\"") })
            let again = try await put(items, to: server, in: work)
            #expect(again.folders == 0 && again.present == 2)
        }
    }

    @Test("What a mail is known by does not depend on how it comes", arguments: [1, 2, 3, 7, 1000])
    func pieces(size: Int) {
        let mail = Array("From: a\r\nX: b\n c\r\n\r\nLine\r\r\nLine\n\r\nend\r\n\r\n".utf8)
        func fingerprint(_ bytes: [UInt8], _ size: Int) -> MailFingerprint.Result {
            var print = MailFingerprint()
            for start in stride(from: 0, to: bytes.count, by: size) {
                print.update(bytes[start..<min(start + size, bytes.count)])
            }
            return print.finish()
        }
        let whole = fingerprint(mail, mail.count)
        #expect(whole.isFound(in: fingerprint(mail, size)) && fingerprint(mail, size).isFound(in: whole))
        let other = Array(String(decoding: mail, as: UTF8.self).replacing("end", with: "END").utf8)
        #expect(!whole.isFound(in: fingerprint(other, size)))
        let fewer = Array(String(decoding: mail, as: UTF8.self).replacing("From: a\r\n", with: "").utf8)
        #expect(!whole.isFound(in: fingerprint(fewer, size)) && fingerprint(fewer, size).isFound(in: whole))
    }

    @Test(
        "Levels of names are parted as the mailbox does it, below its prefix",
        arguments: [
            (".", "", ["A", "b.c", "請求書"], "A.b_c.請求書"), ("/", "", ["INBOX"], "INBOX"),
            (".", "INBOX.", ["Sent"], "INBOX.Sent"), (".", "INBOX.", ["inbox"], "INBOX"),
            (".", "INBOX.", ["INBOX", "Old"], "INBOX.Old"), ("/", "", ["Old", "INBOX"], "Old/INBOX"),
            ("/", "", ["A/B", "C\r\nX"], "A_B/C_X"), (nil, "", ["A", "B"], "A - B"),
        ] as [(Character?, String, [String], String)]
    )
    func names(delimiter: Character?, prefix: String, levels: [String], expected: String) {
        #expect(AppendNames(delimiter: delimiter, prefix: prefix).name(levels) == expected)
    }
}
