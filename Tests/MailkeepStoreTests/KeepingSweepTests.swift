import Foundation
import GRDB
import MailkeepModel
import Testing

@testable import MailkeepStore

/// Holds every way of deleting against a naive model, over organisations made at random.
@Suite("Legal holds keep what they cover from every way of deleting (R1)")
struct KeepingSweepTests {
    private static let cutoff = KeepingWorld.now.advanced(byMilliseconds: -200 * 86_400_000)

    private func sweep(
        _ seeds: Range<UInt64>,
        _ check: @escaping @Sendable (inout KeepingWorld) throws -> Void
    ) async throws {
        for seed in seeds {
            _ = try await Organization.make { scene in
                var world = try KeepingWorld(scene, seed: seed)
                for _ in 0..<60 { try world.step() }
                try check(&world)
            }
        }
    }

    @Test("The holds that cover a message are those that the model says")
    func coverage() async throws {
        try await sweep(0..<60) { world in
            for (subject, mail) in world.mails {
                let message = try world.scene.message(subject)
                let found = Set(try world.scene.transaction.holds(covering: message))
                let expected = world.holds(covering: mail)
                #expect(found == expected, "\(mail) \(found.symmetricDifference(expected).map { world.holds[$0] })")
            }
        }
    }

    @Test("Retention removes what the policy says and nothing else, and its preview told it")
    func retention() async throws {
        try await sweep(60..<120) { world in
            let transaction = world.scene.transaction
            let due = world.mails.filter { RetentionPolicy.isDue(world.candidate($0.value), cutoff: Self.cutoff) }
            let preview = try transaction.previewRetention(cutoff: Self.cutoff)
            #expect(preview.due.messages == due.count)
            let dates = due.values.map { RetentionPolicy.date(of: world.candidate($0)) }
            #expect(preview.due.oldest == dates.min() && preview.due.newest == dates.max())
            for (index, user) in world.users.enumerated() {
                let count = preview.users.first { $0.user == user }?.totals.messages ?? 0
                #expect(count == due.values.count { $0.owners.contains(index) })
            }
            let expected = Set(world.mails.keys).subtracting(due.keys)

            let id = try transaction.beginRetention(cutoff: Self.cutoff, by: world.users[0], at: world.scene.now)
            let run = try #require(try transaction.removal(id))
            var position: RetentionPosition?
            repeat { position = try transaction.removeExpired(run, after: position, limit: 4) } while position != nil
            #expect(try world.stored() == expected)
            #expect(try transaction.removal(id)?.messages == due.count)
            #expect(try transaction.previewRetention(cutoff: Self.cutoff).due.messages == 0)
            try Self.checkNothingIsLeft(transaction)
        }
    }

    @Test("An erasure is refused by the holds that the model names; else it leaves tombstones, and nothing comes back")
    func erasure() async throws {
        try await sweep(120..<200) { world in
            let transaction = world.scene.transaction
            let address = world.customer()
            let target = ErasureTarget(address: address, hash: world.scene.hash(address))
            let concerned = world.mails.filter { $0.value.addresses.contains(address) }
            let holds = world.holds(againstErasing: address)
            #expect(Set(try transaction.holds(coveringMailOf: target)) == holds)
            let preview = try transaction.previewErasure(target, for: world.users[0])
            #expect(preview.totals.messages == concerned.count)
            #expect(try transaction.erasureCount(target) == concerned.count)

            let (id, messages) = try transaction.beginErasure(
                target,
                reason: "asked",
                by: world.users[0],
                at: world.scene.now
            )
            #expect(messages == concerned.count)
            let erasure = try #require(try transaction.removal(id))
            while try transaction.eraseSome(erasure, limit: 3, at: world.scene.now) > 0 {}
            // A hold that came after the question still keeps what it covers.
            let kept = concerned.filter { !world.holds(covering: $0.value).isEmpty }
            let erased = concerned.filter { kept[$0.key] == nil }
            #expect(try world.stored() == Set(world.mails.keys).subtracting(erased.keys))
            let done = try #require(try transaction.removal(id))
            #expect(done.messages == erased.count && done.kept == kept.count && done.left == 0)
            for subject in erased.keys {
                #expect(try transaction.tombstone(of: world.scene.content(subject).key)?.size == 1000)
            }
            try Self.checkNothingIsLeft(transaction)

            // Seen again, under whatever number, the same bytes are not stored again, unless a hold covers the copy.
            let mailbox = try #require(try transaction.mailAddon(of: world.users[0])).mailbox
            for (subject, mail) in erased {
                let addresses = Dictionary(uniqueKeysWithValues: mail.addresses.map { ($0, AddressFields.from) })
                try world.scene.mail(subject, in: mailbox, folder: "Again", addresses)
            }
            let gone = erased.filter { _, mail in
                var copy = mail
                copy.owners = [0]
                return world.holds(covering: copy).isEmpty
            }
            #expect(try world.stored() == Set(world.mails.keys).subtracting(gone.keys))
        }
    }

    @Test("What is on hold resists even statements that no part of the program makes")
    func triggers() async throws {
        let statements = [
            "UPDATE entry SET message_id = NULL WHERE message_id = :message",
            "DELETE FROM entry_address WHERE entry_id IN (SELECT id FROM entry WHERE message_id = :message)",
            "DELETE FROM message WHERE id = :message",
            """
            DELETE FROM backup_message WHERE message_id = :message
              AND backup_id IN (SELECT id FROM backup WHERE status = 'completed')
            """,
        ]
        try await sweep(200..<230) { world in
            let transaction = world.scene.transaction
            for (subject, mail) in world.mails where !world.holds(covering: mail).isEmpty {
                let message = try world.scene.message(subject)
                for (index, sql) in statements.enumerated() where index < 3 || !mail.backups.isEmpty {
                    #expect(throws: DatabaseError.self, "\(sql)") {
                        try transaction.savepoint { try transaction.run(sql, ["message": message.rawValue]) }
                    }
                }
            }
            for hold in world.holds.keys {
                #expect(throws: DatabaseError.self) {
                    try transaction.savepoint { try transaction.run("DELETE FROM hold WHERE id = ?", [hold.rawValue]) }
                }
            }
        }
    }

    @Test("A backup that is being taken keeps what it froze until it has ended")
    func pendingBackup() async throws {
        _ = try await Organization.make { scene in
            let owner = try scene.user("owner")
            let mailbox = try scene.mailbox(of: owner, .all)
            try scene.record(.contacts, 1, owner: owner, addresses: [Stage.customer])
            try scene.mail("frozen", in: mailbox, [Stage.customer: .from])
            let backup = try scene.beginBackup(of: owner)
            _ = try scene.transaction.freezeMessages(into: backup, limit: .max)
            try scene.mail("later", in: mailbox, [Stage.customer: .from])

            let target = ErasureTarget(address: Stage.customer, hash: scene.hash(Stage.customer))
            let (id, count) = try scene.transaction.beginErasure(target, reason: "asked", by: owner, at: scene.now)
            #expect(count == 2)
            let erasure = try #require(try scene.transaction.removal(id))
            while try scene.transaction.eraseSome(erasure, limit: 10, at: scene.now) > 0 {}
            #expect(try scene.transaction.removal(id)?.left == 1)
            let changes = scene.transaction.database.totalChangesCount
            #expect(try scene.transaction.eraseSome(erasure, limit: 10, at: scene.now) == 0)
            #expect(scene.transaction.database.totalChangesCount == changes, "who waits writes nothing")
            #expect(try scene.subjects(of: backup) == ["frozen"])
            // What is still to be erased comes into no backup.
            #expect(try scene.transaction.freezeMessages(into: backup, limit: .max) == 0)
            #expect(try scene.complete(backup))
            while try scene.transaction.eraseSome(erasure, limit: 10, at: scene.now) > 0 {}
            #expect(try scene.transaction.removal(id)?.left == 0)
            #expect(try scene.subjects(of: backup).isEmpty)
        }
    }

    @Test("A message that is gone, or to be erased, since it was found comes into no backup, and ends none")
    func goneBeforeFreezing() async throws {
        _ = try await Organization.make { scene in
            let transaction = scene.transaction
            let owner = try scene.user("owner")
            let mailbox = try scene.mailbox(of: owner, .all)
            let erased = [Stage.customer, "second@customer.example"]
            try scene.record(.contacts, 1, owner: owner, addresses: erased + ["third@customer.example"])
            for (subject, address) in zip(["gone", "to be erased"], erased) {
                try scene.mail(subject, in: mailbox, [address: .from])
            }
            try scene.mail("kept", in: mailbox, ["third@customer.example": .from])
            let backup = try scene.beginBackup(of: owner)
            let folder = try #require(try transaction.foldersToFreeze(of: backup).first)
            let page = try transaction.messagesToFreeze(into: backup, folder: folder, after: 0, limit: 10)
            #expect(page.messages.count == 3)
            for (address, isErased) in zip(erased, [true, false]) {
                let target = ErasureTarget(address: address, hash: scene.hash(address))
                let (id, _) = try transaction.beginErasure(target, reason: "asked", by: owner, at: scene.now)
                let erasure = try #require(try transaction.removal(id))
                if isErased { #expect(try transaction.eraseSome(erasure, limit: 10, at: scene.now) == 1) }
            }
            #expect(try transaction.freeze(page.messages, into: backup) == 1)
            let counts = try #require(try transaction.folderCounts(of: owner, in: mailbox).first)
            #expect(counts.considered == 3 && counts.associated == 1 && counts.stored == 1 && counts.notStored == 0)
            #expect(try scene.subjects(of: backup) == ["kept"])
            #expect(try scene.complete(backup))
        }
    }

    @Test("What earlier backups of a user hold is not erased between another one's certificate and its manifest")
    func erasureDuringLatestBackup() async throws {
        _ = try await Organization.make { scene in
            let owner = try scene.user("owner")
            let mailbox = try scene.mailbox(of: owner, .all)
            try scene.record(.contacts, 1, owner: owner, addresses: [Stage.customer])
            try scene.mail("mail", in: mailbox, [Stage.customer: .from])
            try scene.backup(of: owner, reaching: .completed)
            let latest = try scene.beginBackup(of: owner, kind: .latest)
            let target = ErasureTarget(address: Stage.customer, hash: scene.hash(Stage.customer))
            let (id, _) = try scene.transaction.beginErasure(target, reason: "asked", by: owner, at: scene.now)
            let erasure = try #require(try scene.transaction.removal(id))
            #expect(try scene.transaction.eraseSome(erasure, limit: 10, at: scene.now) == 0)
            #expect(try scene.subjects(of: latest) == ["mail"])
            // While it rests it takes nothing.
            try scene.transaction.noteRest(of: latest.id, "throttled", until: "later")
            #expect(try scene.transaction.eraseSome(erasure, limit: 10, at: scene.now) == 1)
        }
    }

    @Test(
        "Retention leaves what a pending backup may take until that has ended",
        arguments: [BackupStatus.waiting, .inProgress]
    )
    func retentionOfLeavers(status: BackupStatus) async throws {
        _ = try await Organization.make { scene in
            let transaction = scene.transaction
            let (owner, colleague) = (try scene.user("owner"), try scene.user("colleague"))
            let mailbox = try scene.mailbox(of: owner, .all)
            try scene.mail("the leaver's", in: mailbox, sentAt: Timestamp(rawValue: 1), [Stage.customer: .from])
            let other = try scene.mailbox(of: colleague, .all)
            try scene.mail("a colleague's", in: other, sentAt: Timestamp(rawValue: 2), [Stage.customer: .from])
            let backup = try scene.backup(of: owner, reaching: status)
            func remove() throws -> Int {
                let id = try transaction.beginRetention(cutoff: Self.cutoff, by: owner, at: scene.now)
                let run = try #require(try transaction.removal(id))
                _ = try transaction.removeExpired(run, after: nil, limit: 10)
                _ = try transaction.endRemoval(id, at: scene.now)
                return try #require(try transaction.removal(id)).messages
            }
            let preview = try transaction.previewRetention(cutoff: Self.cutoff)
            #expect(preview.due.messages == 1 && preview.backedUp == 1 && preview.held == 0)
            #expect(try remove() == 1)
            _ = try scene.message("the leaver's")
            #expect(try scene.end(backup, as: .cancelled))
            #expect(try remove() == 1)
        }
    }

    @Test("Wanted mail that is past retention is passed over, but not while a hold covers it (R1, R3)")
    func heldAndExpired() async throws {
        _ = try await Organization.make { scene in
            let transaction = scene.transaction
            let owner = try scene.user("owner")
            let mailbox = try scene.mailbox(of: owner, .all)
            try scene.record(.contacts, 1, owner: owner, addresses: [Stage.customer])
            for sentAt in [1, 0, scene.now.rawValue] {
                try scene.mail(nil, in: mailbox, sentAt: Timestamp(rawValue: sentAt), [Stage.customer: .from])
            }
            let folder = try transaction.folder(named: "INBOX", in: mailbox, uidValidity: 1).id
            func wanted() throws -> [UInt32] {
                try transaction.passOverExpired(in: folder, 1...9, sentBefore: Self.cutoff)
                return try transaction.wantedEntries(in: folder, 1...9).map(\.uid)
            }
            let hold = try transaction.placeHold(on: .user(owner), reason: "matter", by: owner, at: scene.now)
            #expect(try wanted() == [1, 2, 3])
            _ = try transaction.liftHold(hold, reason: "over", by: owner, at: scene.now)
            #expect(try wanted() == [2, 3])
        }
    }

    @Test("A reason is sealed, and a lifted hold stays with both of its reasons")
    func reasons() async throws {
        let (organization, (user, hold)) = try await Organization.make { scene in
            let user = try scene.user("user", .administrator)
            let transaction = scene.transaction
            return (user, try transaction.placeHold(on: .user(user), reason: "Matter 7", by: user, at: scene.now))
        }
        try await organization.write { transaction in
            #expect(try transaction.usersOnHold() == [user])
            #expect(try transaction.standingHolds(on: .user(user)).map(\.reason) == ["Matter 7"])
            #expect(try transaction.liftHold(hold, reason: "Settled", by: user, at: KeepingWorld.now))
            #expect(try !transaction.liftHold(hold, reason: "Again", by: user, at: KeepingWorld.now))
            #expect(try transaction.holds(openTo: user).isEmpty && transaction.usersOnHold().isEmpty)
            let all = try transaction.holds(openTo: user, liftedToo: true)
            #expect(all.map(\.reason) == ["Matter 7"] && all.first?.lifting?.reason == "Settled")
            let clear = try transaction.rows(
                "SELECT 1 FROM hold WHERE instr(sealed_reason, 'Matter') OR instr(sealed_lift_reason, 'Settled')"
            )
            #expect(clear.isEmpty)
        }
    }

    /// Nothing refers to what was removed, and nothing that is named is missing.
    private static func checkNothingIsLeft(_ transaction: WriteTransaction) throws {
        #expect(
            try transaction.rows(
                """
                SELECT 1 FROM entry_address JOIN entry ON entry.id = entry_address.entry_id
                WHERE entry.removed_by IS NOT NULL
                UNION ALL SELECT 1 FROM content WHERE key NOT IN (SELECT content_key FROM message)
                    AND key NOT IN (SELECT manifest_key FROM backup WHERE manifest_key IS NOT NULL)
                UNION ALL SELECT 1 FROM erasure_message
                UNION ALL SELECT 1 FROM entry WHERE message_id IS NULL AND removed_by IS NULL
                """
            ).isEmpty
        )
        #expect(try transaction.rows("PRAGMA foreign_key_check").isEmpty)
    }
}
