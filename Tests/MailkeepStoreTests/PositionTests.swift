import Foundation
import MailkeepModel
import Testing

@testable import MailkeepStore

@Suite("What was seen in a folder is kept, and nothing of it is lost or counted twice")
struct PositionTests {
    private struct Office: Sendable {
        let owner: UserID
        let mailbox: MailboxID
    }

    private static func office() async throws -> (Organization, Office) {
        try await Organization.make { scene in
            let owner = try scene.user("owner")
            try scene.record(.contacts, 1, owner: owner, addresses: [Stage.customer])
            return Office(owner: owner, mailbox: try scene.mailbox(of: owner, .none))
        }
    }

    private static func header(_ uid: UInt32, _ scene: Scene, size: UInt64 = 10) -> SeenHeader {
        SeenHeader(uid: uid, size: size, sentAt: scene.now, addresses: [scene.hash(Stage.customer): .from])
    }

    private static func inbox(_ scene: Scene, _ office: Office, uidValidity: UInt32 = 1) throws -> FolderPosition {
        try scene.transaction.folder(named: "INBOX", in: office.mailbox, uidValidity: uidValidity)
    }

    private static func wanted(_ scene: Scene, _ folder: FolderPosition) throws -> [UInt32] {
        try scene.transaction.wantedEntries(in: folder.id, 1...UInt32.max).map(\.uid)
    }

    @Test("A folder starts at the first UID, and its position only moves forward")
    func position() async throws {
        let (organization, office) = try await Self.office()
        try await organization.change { scene in
            let start = try Self.inbox(scene, office)
            #expect(start.nextUID == 1)
            for (uid, expected) in [(5, 5), (3, 5), (5, 5), (UInt32.max, .max)] as [(UInt32, UInt32)] {
                try scene.transaction.moveFolder(start.id, toUID: uid)
                #expect(
                    try Self.inbox(scene, office) == FolderPosition(id: start.id, uidValidity: 1, nextUID: expected)
                )
            }
            let other = try scene.transaction.folder(named: "inbox", in: office.mailbox, uidValidity: 1)
            #expect(other.id != start.id && other.nextUID == 1)
        }
    }

    @Test("Headers that are recorded twice add nothing and change nothing")
    func twice() async throws {
        let (organization, office) = try await Self.office()
        try await organization.change { scene in
            let folder = try Self.inbox(scene, office)
            let headers = [Self.header(1, scene), Self.header(2, scene), Self.header(.max, scene, size: .max)]
            try scene.transaction.recordHeaders(headers, in: folder.id)
            let before = try scene.transaction.wantedEntries(in: folder.id, 1...UInt32.max)
            #expect(before.map(\.uid) == [1, 2, .max])
            let other = SeenHeader(uid: 2, size: 99, sentAt: scene.now, addresses: [scene.hash("a@b.example"): .to])
            try scene.transaction.recordHeaders(headers + [other], in: folder.id)
            #expect(try scene.transaction.wantedEntries(in: folder.id, 1...UInt32.max) == before)
            try scene.transaction.recordUnreadable([2], in: folder.id)
            #expect(try Self.wanted(scene, folder) == [1, 2, .max])
        }
    }

    @Test("Wanted mails come page by page, in the order of their UIDs")
    func pages() async throws {
        let (organization, office) = try await Self.office()
        try await organization.change { scene in
            let folder = try Self.inbox(scene, office)
            try scene.transaction.recordHeaders([9, 2, 7, 4].map { Self.header($0, scene) }, in: folder.id)
            let pages = try scene.transaction.wantedPages(in: folder.id, size: 2)
            #expect(pages.map(\.uids) == [2...4, 7...9] && pages.map(\.count) == [2, 2])
            let uids = try pages.map { try scene.transaction.wantedEntries(in: folder.id, $0.uids).map(\.uid) }
            #expect(uids == [[2, 4], [7, 9]])
        }
    }

    @Test("A changed UIDVALIDITY starts a folder anew and removes nothing (design decision 5)")
    func changedValidity() async throws {
        let (organization, office) = try await Self.office()
        try await organization.change { scene in
            for validity: UInt32 in [1, 2, 1] {
                try scene.mail("mail \(validity)", in: office.mailbox, uidValidity: validity, [Stage.customer: .from])
            }
            let (old, new) = (try Self.inbox(scene, office), try Self.inbox(scene, office, uidValidity: 2))
            #expect(old.id != new.id && old.nextUID == 3 && new.nextUID == 2)
            let seen = try scene.transaction.visibleMessages(on: Stage.contact, to: office.owner)
            #expect(Set(seen.map(\.summary.subject)) == ["mail 1", "mail 2"] && seen.count == 2)
            let counts = try scene.counts(of: office.owner)
            // Beside what is on the server stands what is in the folder as it is numbered now.
            #expect(counts.map(\.name) == ["INBOX"] && counts.map(\.considered) == [1])
            #expect(counts.map(\.associated) == [1] && counts.map(\.stored) == [1])
            _ = try Self.inbox(scene, office)
            let former = try scene.counts(of: office.owner)
            #expect(former.map(\.considered) == [2] && former.map(\.stored) == [2])
        }
    }

    @Test("What vanished or is too large is not wanted again; what could not be read is")
    func skipped() async throws {
        let (organization, office) = try await Self.office()
        try await organization.change { scene in
            let folder = try Self.inbox(scene, office)
            try scene.transaction.recordHeaders((1...4).map { Self.header($0, scene) }, in: folder.id)
            let entries = try scene.transaction.wantedEntries(in: folder.id, 1...UInt32.max)
            for (entry, reason) in zip(entries, [SkipReason.vanished, .tooLarge, .unreadable]) {
                try scene.transaction.skip(entry.id, because: reason)
            }
            #expect(try Self.wanted(scene, folder) == [3, 4])
            try scene.transaction.recordMessages(entries.suffix(2).map { scene.fetched("mail \($0.uid)", as: $0.id) })
            #expect(try Self.wanted(scene, folder).isEmpty)
            // What is stored stays stored.
            try scene.transaction.skip(entries[3].id, because: .vanished)
            let counts = try scene.counts(of: office.owner)
            var expected = FolderCounts(name: "INBOX")
            (expected.considered, expected.associated, expected.stored) = (4, 4, 2)
            (expected.vanished, expected.removed, expected.tooLarge) = (1, 1, 1)
            #expect(counts == [expected])
        }
    }

    @Test("The counts of a folder add up, whatever became of its mails")
    func countsAddUp() async throws {
        let (organization, office) = try await Self.office()
        try await organization.change { scene in
            for name in ["INBOX", "Archive"] {
                for number in 0..<12 {
                    let address = number % 3 == 0 ? "friend@home.example" : Stage.customer
                    let subject = number % 2 == 0 ? "\(name) \(number)" : nil
                    let entry = try scene.mail(subject, in: office.mailbox, folder: name, [address: .from])
                    if number % 4 == 1 { try scene.transaction.skip(entry, because: .vanished) }
                    if number == 11 { try scene.transaction.skip(entry, because: .tooLarge) }
                }
                let folder = try scene.transaction.folder(named: name, in: office.mailbox, uidValidity: 1)
                try scene.transaction.recordUnreadable([100, 101], in: folder.id)
            }
            let counts = try scene.counts(of: office.owner)
            #expect(counts.map(\.name) == ["Archive", "INBOX"])
            for folder in counts {
                #expect(folder.considered == 14 && folder.stored == 4 && folder.unreadable == 2)
                // What is associated is stored or not, for a reason; the rest is none of the customers'.
                let ofNobody = 4
                #expect(folder.vanished == 2 && folder.tooLarge == 1 && folder.notRead == 1)
                #expect(folder.stored + folder.notStored == folder.associated)
                #expect(folder.associated + ofNobody == folder.considered)
            }
        }
    }

    @Test("A header that could not be read is asked for again, and fills the row when it comes")
    func headerAgain() async throws {
        let (organization, office) = try await Self.office()
        try await organization.change { scene in
            let folder = try Self.inbox(scene, office)
            try scene.transaction.recordUnreadable([1, 2, 3], in: folder.id)
            #expect(try Self.wanted(scene, folder).isEmpty)
            #expect(try Set(scene.transaction.unreadHeaders(in: folder.id, limit: 10)) == [1, 2, 3])
            #expect(try scene.transaction.unreadHeaders(in: folder.id, limit: 2).count == 2)
            var part = Self.header(2, scene)
            part.isWhole = false
            #expect(try scene.transaction.recordHeaders([Self.header(1, scene), part], in: folder.id) == 1)
            #expect(try scene.transaction.recordHeaders([Self.header(1, scene)], in: folder.id) == 0)
            try scene.transaction.recordVanished([1, 3], in: folder.id)
            #expect(try scene.transaction.unreadHeaders(in: folder.id, limit: 10) == [2])
            #expect(try Self.wanted(scene, folder) == [1])
            let counts = try scene.counts(of: office.owner)
            #expect(counts.map(\.associated) == [2] && counts.map(\.unreadable) == [1])
            #expect(counts.map(\.considered) == [3])
        }
    }

    @Test("A header too long to be read wholly associates by what is known of it, and stays in doubt otherwise")
    func partOfHeader() async throws {
        let (organization, office) = try await Self.office()
        try await organization.change { scene in
            let folder = try Self.inbox(scene, office)
            let headers = ["friend@home.example", Stage.customer].enumerated().map { index, address in
                SeenHeader(
                    uid: UInt32(index + 1),
                    size: 10,
                    sentAt: scene.now,
                    addresses: [scene.hash(address): .to],
                    isWhole: false
                )
            }
            #expect(try scene.transaction.recordHeaders(headers, in: folder.id) == 2)
            #expect(try scene.transaction.recordHeaders(headers, in: folder.id) == 0)
            #expect(try Self.wanted(scene, folder) == [2])
            let entry = try #require(try scene.transaction.wantedEntries(in: folder.id, 1...UInt32.max).first)
            try scene.transaction.recordMessages([scene.fetched("mail", as: entry.id)])
            let counts = try scene.counts(of: office.owner)
            #expect(counts.map(\.stored) == [1] && counts.map(\.unreadable) == [1] && counts.map(\.associated) == [2])
        }
    }

    @Test("What is no longer associated is not counted, unless a backup holds it: the counts are of what it holds")
    func skippedAndUnlinked() async throws {
        let (organization, office) = try await Self.office()
        try await organization.change { scene in
            let folder = try Self.inbox(scene, office)
            try scene.transaction.recordHeaders((1...4).map { Self.header($0, scene) }, in: folder.id)
            let entries = try scene.transaction.wantedEntries(in: folder.id, 1...UInt32.max)
            for (entry, reason) in zip(entries, [SkipReason.vanished, .tooLarge, .unreadable]) {
                try scene.transaction.skip(entry.id, because: reason)
            }
            try scene.transaction.recordMessages(entries.suffix(1).map { scene.fetched("mail", as: $0.id) })
            try scene.record(.contacts, 1, owner: office.owner, addresses: [])
            var expected = FolderCounts(name: "INBOX")
            (expected.considered, expected.removed) = (4, 1)
            #expect(try scene.counts(of: office.owner) == [expected])

            try scene.record(.contacts, 1, owner: office.owner, addresses: [Stage.customer])
            try scene.backup(of: office.owner, reaching: .completed)
            try scene.record(.contacts, 1, owner: office.owner, addresses: [])
            (expected.associated, expected.stored) = (1, 1)
            #expect(try scene.counts(of: office.owner) == [expected])
        }
    }

    @Test("What was backed up of a folder is in a line, also where nothing of the folder is there any more")
    func renumberedAndEmptied() async throws {
        let (organization, office) = try await Self.office()
        try await organization.change { scene in
            for subject in ["one", "two"] { try scene.mail(subject, in: office.mailbox, [Stage.customer: .from]) }
            try scene.backup(of: office.owner, reaching: .completed)
            _ = try Self.inbox(scene, office, uidValidity: 2)
            var expected = FolderCounts(name: "INBOX")
            expected.storedBefore = 2
            #expect(try scene.counts(of: office.owner) == [expected])
            // One of them is there again, twice.
            for _ in 1...2 { try scene.mail("one", in: office.mailbox, uidValidity: 2, [Stage.customer: .from]) }
            (expected.considered, expected.associated, expected.stored, expected.copies) = (2, 2, 2, 1)
            expected.storedBefore = 1
            #expect(try scene.counts(of: office.owner) == [expected])
        }
    }

    @Test("A folder that is there no more has its mails counted as gone, those that are not read yet as well")
    func missingFolder() async throws {
        let (organization, office) = try await Self.office()
        try await organization.change { scene in
            try scene.mail("one", in: office.mailbox, [Stage.customer: .from])
            try scene.mail(nil, in: office.mailbox, [Stage.customer: .from])
            let folder = try Self.inbox(scene, office)
            var expected = FolderCounts(name: "INBOX")
            (expected.considered, expected.associated, expected.stored, expected.notRead) = (2, 2, 1, 1)
            #expect(try scene.counts(of: office.owner) == [expected])
            try scene.transaction.markGone(in: folder.id, [0...UInt32.max])
            (expected.removed, expected.vanished, expected.notRead) = (2, 1, 0)
            #expect(try scene.counts(of: office.owner) == [expected])
            // It may come back.
            #expect(try Self.wanted(scene, folder) == [2])
        }
    }

    @Test("A folder counts as unreadable where a server refuses all of it, not a mail or two")
    func unreadableFolder() async throws {
        let (organization, office) = try await Self.office()
        try await organization.change { scene in
            func isUnreadable(_ name: String, _ fill: (Int64) throws -> Void) throws -> Bool {
                let folder = try scene.transaction.folder(named: name, in: office.mailbox, uidValidity: 1)
                try fill(folder.id)
                return try scene.transaction.isUnreadable(folder.id, limit: 3)
            }
            #expect(try !isUnreadable("empty") { _ in })
            #expect(try !isUnreadable("two") { try scene.transaction.recordUnreadable([1, 2], in: $0) })
            #expect(try isUnreadable("all") { try scene.transaction.recordUnreadable([1, 2, 3], in: $0) })
            #expect(try !isUnreadable("all") { try scene.transaction.recordHeaders([Self.header(4, scene)], in: $0) })
            func refuseBodies(_ folder: Int64) throws {
                try scene.transaction.recordHeaders((1...4).map { Self.header($0, scene) }, in: folder)
                for entry in try scene.transaction.wantedEntries(in: folder, 1...3) {
                    try scene.transaction.skip(entry.id, because: .unreadable)
                }
            }
            #expect(try isUnreadable("bodies", refuseBodies))
            let isUnreadableInPart = try isUnreadable("bodies") { folder in
                let entries = try scene.transaction.wantedEntries(in: folder, 4...4)
                try scene.transaction.recordMessages(entries.map { scene.fetched("mail", as: $0.id) })
            }
            #expect(!isUnreadableInPart)
        }
    }

    @Test("Where what numbers are valid under grows with them, so does the position, and the folder stays the same")
    func growingValidity() async throws {
        let (organization, office) = try await Self.office()
        try await organization.change { scene in
            let start = try Self.inbox(scene, office)
            try scene.transaction.moveFolder(start.id, toUID: 5, uidValidity: 77)
            #expect(
                try scene.transaction.positions(inFolder: "INBOX", of: office.mailbox) == [
                    FolderPosition(id: start.id, uidValidity: 77, nextUID: 5)
                ]
            )
            #expect(try Self.inbox(scene, office, uidValidity: 77).id == start.id)
        }
    }

    @Test("A mailbox that was not read completely was synchronised, and is covered until when it was before")
    func incomplete() async throws {
        let (organization, office) = try await Self.office()
        try await organization.change { scene in
            let later = scene.now.advanced(byMilliseconds: 10)
            try scene.transaction.markSynchronised(office.mailbox, at: scene.now, isComplete: false)
            #expect(try scene.transaction.coveredUntil(office.mailbox) == nil)
            #expect(try scene.transaction.usersToSynchronise(every: 1000, at: scene.now).isEmpty)
            try scene.transaction.markSynchronised(office.mailbox, at: scene.now)
            try scene.transaction.markSynchronised(office.mailbox, at: later, isComplete: false)
            #expect(try scene.transaction.coveredUntil(office.mailbox) == scene.now)
        }
    }

    @Test("The same bytes in several places are one message, seen once")
    func sameBytes() async throws {
        let (organization, office) = try await Self.office()
        try await organization.change { scene in
            let first = try scene.mail("mail", in: office.mailbox, [Stage.customer: .from])
            try scene.mail("mail", in: office.mailbox, folder: "Archive", [Stage.customer: .from])
            try scene.transaction.recordMessages([scene.fetched("mail", as: first)])
            #expect(try scene.transaction.rows("SELECT id FROM message").count == 1)
            #expect(try scene.transaction.visibleMessages(on: Stage.contact, to: office.owner).count == 1)
            let content = scene.content("mail")
            #expect(try scene.transaction.location(of: content.key) == content.whole.location)
        }
    }

    @Test("A mail of the owner's own is told from one that they received, by any of their addresses")
    func sentByOwner() async throws {
        let (organization, office) = try await Self.office()
        try await organization.change { scene in
            try scene.alias("sales@example.jp", of: office.owner)
            let sent = ["owner@example.jp", "sales@example.jp", "box\(office.owner)@example.jp"]
            for address in sent {
                try scene.mail("from \(address)", in: office.mailbox, [address: .from, Stage.customer: .to])
                try scene.mail("to \(address)", in: office.mailbox, [address: .to, Stage.customer: .from])
            }
            let seen = try scene.transaction.visibleMessages(on: Stage.contact, to: office.owner)
            #expect(Set(seen.filter(\.isSentByOwner).map(\.summary.subject)) == Set(sent.map { "from \($0)" }))
            #expect(seen.count == 6)
        }
    }

    @Test("Until when a mailbox is synchronised")
    func synchronised() async throws {
        let (organization, office) = try await Self.office()
        try await organization.change { scene in
            let later = scene.now.advanced(byMilliseconds: 10)
            #expect(try scene.transaction.coveredUntil(office.mailbox) == nil)
            try scene.transaction.markSynchronised(office.mailbox, at: later)
            #expect(try scene.transaction.coveredUntil(office.mailbox) == later)
        }
    }
}
