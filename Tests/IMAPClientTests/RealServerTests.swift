import IMAPClient
import IMAPCore
import Logging
import MailConnection
import NIOCore
import TestSupport
import Testing

/// Against a Dovecot of the test's own.
@Suite("A real server", .timeLimit(.minutes(10)))
struct RealServerTests {
    @Test(
        "Folders, headers and bodies come over as the server has them, in every kind of security",
        arguments: [IMAPConfiguration.Security.none, .startTLS, .tls]
    )
    func reads(security: IMAPConfiguration.Security) async throws {
        try await withDovecot { server in
            try server.createFolder("請求書", user: "alice")
            let messages = SampleMessages.varied(count: 300)
            try server.deliver(messages, to: "請求書", user: "alice")
            let exact = try server.exactMessages(in: "請求書", user: "alice")
            #expect(Set(exact.values) == Set(messages))
            try await withIMAPConnection(server.configuration(security)) { connection in
                let folder = try #require(try await connection.listMailboxes().first { $0.displayName == "請求書" })
                #expect(folder.encodedName.rawValue == "&istsQmb4-")
                let mailbox = try await connection.examine(folder.encodedName)
                #expect(mailbox.messageCount == 300)
                let uids = try await connection.uids(in: 1...UInt32.max)
                #expect(uids == exact.keys.sorted())

                var headers: [UInt32: IMAPFetchedHeader] = [:]
                try await connection.fetchHeaders([1...UInt32.max], fields: ["Subject", "From"]) {
                    headers[$0.uid] = $0
                }
                #expect(headers.count == 300)
                for (uid, header) in headers {
                    #expect(header.size == UInt64(exact[uid]?.count ?? 0))
                    #expect(String(buffer: header.header).hasSuffix("\r\n\r\n"))
                }

                var bodies: [UInt32: [UInt8]] = [:]
                let refused = try await connection.fetchBodies(uids) { body in
                    var bytes: [UInt8] = []
                    for try await chunk in body.chunks { bytes += chunk.readableBytesView }
                    #expect(bytes.count == body.size)
                    #expect(body.internalDate == 1_700_000_000_000)
                    bodies[body.uid] = bytes
                }
                #expect(refused.isEmpty)
                #expect(bodies == exact)
            }
            let flags = try server.flags(in: "請求書", user: "alice")
            #expect(flags.count == 300)
            #expect(!flags.values.contains { $0.contains("\\Seen") })
        }
    }

    @Test("A wrong password is told from a server that cannot be reached")
    func wrongPassword() async throws {
        try await withDovecot { server in
            await #expect(throws: IMAPError(.authenticationFailed, "")) {
                try await withIMAPConnection(server.configuration(.tls), password: "wrong") { _ in }
            }
            await #expect(throws: IMAPError(.authenticationFailed, "")) {
                try await withIMAPConnection(server.configuration(.tls), username: "nobody") { _ in }
            }
            var unreachable = server.configuration(.tls)
            unreachable.port = 1
            await #expect(throws: IMAPError(.connectionFailed, "")) {
                try await withIMAPConnection(unreachable) { _ in }
            }
        }
    }

    @Test("A master user reads another user's mail, by either way of saying so")
    func masterUser() async throws {
        let master = DovecotServer.User("master", password: "mäster \"secret\"")
        try await withDovecot(users: [.init("alice", password: "secret")], masterUser: master) { server in
            try server.deliver(SampleMessages.varied(count: 2), user: "alice")
            let asAlice: nonisolated(nonsending) (IMAPConnection) async throws -> Int = { connection in
                try await connection.examine(IMAPMailboxName(displayName: "INBOX")).messageCount
            }
            let count = try await withIMAPConnection(
                server.configuration(.startTLS),
                username: "master",
                password: master.password,
                authorizeAs: "alice",
                asAlice
            )
            #expect(count == 2)
            let again = try await withIMAPConnection(
                server.configuration(.tls),
                username: "alice*master",
                password: master.password,
                asAlice
            )
            #expect(again == 2)
            await #expect(throws: IMAPError(.authenticationFailed, "")) {
                try await withIMAPConnection(
                    server.configuration(.tls),
                    username: "master",
                    password: "wrong",
                    authorizeAs: "alice",
                    asAlice
                )
            }
        }
    }

    @Test(
        "A certificate that this machine does not trust is refused",
        arguments: [
            IMAPConfiguration.Security.tls, .startTLS,
        ]
    )
    func untrusted(security: IMAPConfiguration.Security) async throws {
        try await withDovecot { server in
            let error = await #expect(throws: IMAPError.self) {
                try await withIMAPConnection(server.configuration(security, trust: .system)) { _ in }
            }
            #expect(error?.code == .certificateInvalid)
            #expect(error?.certificateProblem == .untrusted)
        }
    }

    @Test("Folders have their uses; the user's own are listed once, in UTF-7 or not")
    func folders() async throws {
        try await withDovecot { server in
            for name in ["Trash", "Junk", "案件/2024", "A & B"] { try server.createFolder(name, user: "alice") }
            let folders = try await withIMAPConnection(server.configuration(.none)) { connection in
                try await connection.listMailboxes()
            }
            let uses = Dictionary(folders.map { ($0.displayName, $0.specialUse) }) { first, _ in first }
            #expect(Set(uses.keys) == ["INBOX", "Trash", "Junk", "案件", "案件/2024", "A & B"])
            #expect(uses["Trash"] == .trash)
            #expect(uses["Junk"] == .junk)
            #expect(folders.count == 6)
            #expect(folders.allSatisfy { $0.delimiter == "/" })
            #expect(folders.first { $0.displayName == "案件/2024" }?.isSelectable == true)
        }
    }

    @Test("A folder that does not exist is told from other refusals")
    func missingFolder() async throws {
        try await withDovecot { server in
            try await withIMAPConnection(server.configuration(.none)) { connection in
                await #expect(throws: IMAPError(.mailboxNotFound, "")) {
                    try await connection.examine(IMAPMailboxName(displayName: "none"))
                }
                let inbox = try await connection.examine(IMAPMailboxName(displayName: "INBOX"))
                #expect(inbox.messageCount == 0)
                #expect(try await connection.uids(in: 1...UInt32.max).isEmpty)
            }
        }
    }

    @Test("A message that is gone does not come; what a reader leaves unread is passed over")
    func vanishedAndUnread() async throws {
        try await withDovecot { server in
            let messages = SampleMessages.varied(count: 40)
            try server.deliver(messages, user: "alice")
            try await withIMAPConnection(server.configuration(.tls)) { connection in
                try await connection.examine(IMAPMailboxName(displayName: "INBOX"))
                try server.doveadm("expunge", "-u", "alice", "mailbox", "INBOX", "uid", "3,7")
                var seen: [UInt32] = []
                var kept: IMAPBodyChunks.AsyncIterator?
                try await connection.fetchBodies(Array(1...60)) { body in
                    seen.append(body.uid)
                    if body.uid % 3 == 0 {
                        kept = body.chunks.makeAsyncIterator()
                        _ = try await kept?.next()
                    }
                    await #expect(throws: IMAPError(.invalidArgument, "")) {
                        try await connection.examine(IMAPMailboxName(displayName: "INBOX"))
                    }
                }
                #expect(seen == (1...40).filter { $0 != 3 && $0 != 7 })
                #expect(try await kept?.next() == nil)
                #expect(try await connection.uids(in: 2...8) == [2, 4, 5, 6, 8])
            }
        }
    }

    @Test("The identifiers of a folder that changes are known")
    func identity() async throws {
        try await withDovecot { server in
            try server.deliver(SampleMessages.varied(count: 5), user: "alice")
            let first = try await withIMAPConnection(server.configuration(.none)) { connection in
                try await connection.examine(IMAPMailboxName(displayName: "INBOX"))
            }
            #expect(first.uidNext == 6)
            try server.doveadm("mailbox", "update", "-u", "alice", "--uid-validity", "77", "INBOX")
            let second = try await withIMAPConnection(server.configuration(.none)) { connection in
                try await connection.examine(IMAPMailboxName(displayName: "INBOX"))
            }
            #expect(second.uidValidity == 77)
            #expect(second.uidValidity != first.uidValidity)
        }
    }

    @Test("A reader that fails or is cancelled gets its own error, at once")
    func readerFails() async throws {
        struct ReaderFailure: Error {}
        try await withDovecot { server in
            try server.deliver(SampleMessages.varied(count: 60), user: "alice")
            await #expect(throws: ReaderFailure.self) {
                try await withIMAPConnection(server.configuration(.tls)) { connection in
                    try await connection.examine(IMAPMailboxName(displayName: "INBOX"))
                    try await connection.fetchBodies(Array(1...60)) { _ in throw ReaderFailure() }
                }
            }
            let (readings, reading) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
            let task = Task {
                try await withIMAPConnection(server.configuration(.tls)) { connection in
                    try await connection.examine(IMAPMailboxName(displayName: "INBOX"))
                    while true {
                        _ = try await connection.uids(in: 1...UInt32.max)
                        reading.yield()
                    }
                }
            }
            for await _ in readings { break }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
        }
    }
}
