import Foundation
import IMAPClient
import IMAPCore
import MailVault
import MailkeepModel
import MailkeepStore
import NIOCore

/// Puts mail into one mailbox over one connection.
///
/// Used by one task at a time.
final class AppendSession {
    /// Why nothing more can be put into the mailbox.
    struct Full: Error {}

    /// A folder that the server refuses.
    private struct FolderRefusal: Error {
        let words: String?
    }

    private let connection: IMAPConnection
    private let appender: MailAppender
    private var names = AppendNames(delimiter: nil, prefix: "")
    private var listed: [String: IMAPMailboxInfo] = [:]
    private var folders: [String: AppendFolder] = [:]
    private var refusedFolders: [String: FolderRefusal] = [:]
    /// The folder that is open.
    private var opened: AppendFolder?
    /// Refusals in a row, in which the server took nothing.
    private var refusalsInARow = 0

    /// Mails and bytes that go in one command.
    private static let batchCount = 16
    private static let batchBytes: Int64 = 1 << 20
    /// Mails of the mailbox that are compared with one.
    private static let mostCandidates = 50
    /// After so many in a row a server refuses everything.
    private static let mostRefusals = 20

    init(_ connection: IMAPConnection, _ appender: MailAppender) {
        self.connection = connection
        self.appender = appender
    }

    nonisolated(nonsending) func begin() async throws {
        let mailboxes = try await connection.listMailboxes()
        for mailbox in mailboxes { listed[mailbox.displayName] = mailbox }
        let namespace = try await connection.personalNamespace()
        let delimiter = namespace?.delimiter ?? mailboxes.lazy.compactMap(\.delimiter).first
        names = AppendNames(delimiter: delimiter, prefix: namespace?.prefix ?? "")
    }

    /// A mail that is to go now: its first bytes, and where the others come from.
    private struct Due {
        let item: AppendItem
        let reader: any VaultReader
        let beginning: Data
    }

    /// Puts the first of some mails where they belong: as many as go into one folder by one command.
    nonisolated(nonsending) func put(_ items: ArraySlice<AppendItem>) async throws {
        guard let first = items.first else { return }
        let folder: AppendFolder
        do {
            folder = try await self.folder(first.folder)
        } catch let refusal as FolderRefusal {
            appender.refuse(first, .folder, in: names.name(first.folder), refusal.words)
            return
        }
        var batch: [Due] = []
        var bytes: Int64 = 0
        for item in items where !appender.isDecided(item) {
            guard item.folder == first.folder, batch.count < Self.batchCount,
                batch.isEmpty || bytes + item.size <= Self.batchBytes,
                batch.isEmpty || connection.takesSeveral && !appender.isSuspect(item)
            else { break }
            if let due = try await due(item, in: folder) {
                batch.append(due)
                bytes += item.size
                if appender.isSuspect(item) { break }
            }
        }
        try await append(batch, to: folder)
    }

    /// Looks whether a mail is there already.
    ///
    /// - Returns: nil where it is, or cannot be put there.
    private nonisolated(nonsending) func due(_ item: AppendItem, in folder: AppendFolder) async throws -> Due? {
        guard !folder.present.contains(item.message) else {
            appender.passOver(item)
            return nil
        }
        if let limit = connection.appendLimit, item.size > limit {
            appender.refuse(item, .tooLarge, in: folder.displayName)
            return nil
        }
        do {
            let reader = try appender.vault.makeReader(item.content)
            let beginning = try reader.next() ?? Data()
            let candidates = folder.mails[MailFingerprint.key(of: beginning)] ?? []
            if !candidates.isEmpty, let uid = try await find(item, among: candidates, in: folder) {
                try await appender.note([(item.message, uid)], in: folder)
                appender.passOver(item)
                return nil
            }
            guard !appender.isGivenUp(item) else {
                appender.refuse(item, .breaksOff, in: folder.displayName)
                return nil
            }
            return Due(item: item, reader: reader, beginning: beginning)
        } catch let error as VaultError where [.damaged, .missing].contains(error.code) {
            appender.refuse(item, .damaged, in: folder.displayName)
            return nil
        }
    }

    private nonisolated(nonsending) func find(
        _ item: AppendItem,
        among uids: [UInt32],
        in folder: AppendFolder
    ) async throws -> UInt32? {
        let ours = try appender.fingerprint(of: item)
        try await open(folder)
        var found: UInt32?
        _ = try await connection.fetchBodies(Array(uids.prefix(Self.mostCandidates))) { body in
            var theirs = MailFingerprint()
            for try await chunk in body.chunks { theirs.update(chunk.readableBytesView) }
            if found == nil, ours.isFound(in: theirs.finish()) { found = body.uid }
        }
        return found
    }

    // MARK: Appending

    private nonisolated(nonsending) func append(_ batch: [Due], to folder: AppendFolder) async throws {
        guard !batch.isEmpty else { return }
        appender.underway = batch.map(\.item)
        do {
            try await send(batch, to: folder) { $0.flags }
        } catch let error as VaultError where [.damaged, .missing].contains(error.code) {
            // In the middle of a large mail, which was read no further before: the connection is of no use any more.
            if let item = batch.first?.item { appender.refuse(item, .damaged, in: folder.displayName) }
            throw SyncFailure(.connect, "a mail could not be read to its end", cause: error)
        } catch let error as IMAPError where connection.isIdle {
            try stopIfFull(error)
            guard batch.count == 1, let due = batch.first else {
                // None of them was taken.
                for due in batch { try await append([try renewed(due)], to: folder) }
                return
            }
            try await appendOtherwise(due, to: folder, after: error)
        }
        appender.underway = []
    }

    /// Tries what may help one mail that was refused.
    private nonisolated(nonsending) func appendOtherwise(
        _ due: Due,
        to folder: AppendFolder,
        after error: IMAPError
    ) async throws {
        var refusal = error
        do {
            if error.code == .mailboxNotFound {
                // Somebody removed it meanwhile, or the server makes none by itself (TRYCREATE).
                try await make(folder.displayName)
                return try await send([try renewed(due)], to: folder) { $0.flags }
            }
            if due.item.flags != due.item.flags.withoutKeywords {
                return try await send([try renewed(due)], to: folder) { $0.flags.withoutKeywords }
            }
        } catch let error as IMAPError where connection.isIdle {
            try stopIfFull(error)
            refusal = error
        }
        let isTooLarge = ["TOOBIG", "LIMIT"].contains(refusal.responseCode ?? "")
        let words = [refusal.responseCode.map { "[\($0)]" }, refusal.serverText].compactMap { $0 }
        appender.refuse(
            due.item,
            isTooLarge ? .tooLarge : .refused,
            in: folder.displayName,
            words.joined(separator: " ")
        )
        refusalsInARow += 1
        guard refusalsInARow < Self.mostRefusals else {
            throw SyncFailure(.server, "the mail server takes no mail", cause: refusal)
        }
    }

    private nonisolated(nonsending) func send(
        _ batch: [Due],
        to folder: AppendFolder,
        flags: (AppendItem) -> MailFlags
    ) async throws {
        let messages = batch.map { due in
            var beginning: Data? = due.beginning
            let head = IMAPAppendHead(
                flags: flags(due.item).names,
                internalDate: due.item.datedAt?.rawValue,
                size: Int(clamping: due.item.size)
            )
            return IMAPOutgoingMessage(head) {
                if let first = beginning.take() { return ByteBuffer(bytes: first) }
                return try due.reader.next().map { ByteBuffer(bytes: $0) }
            }
        }
        let places = try await connection.append(messages, to: folder.name)
        refusalsInARow = 0
        folder.appendedCount += batch.count
        if let places, places.uidValidity == folder.uidValidity {
            folder.appended += places.uids
            try await appender.note(Array(zip(batch.map(\.item.message), places.uids)), in: folder)
        }
        for due in batch { appender.take(due.item) }
    }

    /// The same mail from its beginning.
    private func renewed(_ due: Due) throws -> Due {
        let reader = try appender.vault.makeReader(due.item.content)
        return Due(item: due.item, reader: reader, beginning: try reader.next() ?? Data())
    }

    /// - Throws: where the server refuses more than this mail.
    private func stopIfFull(_ error: IMAPError) throws {
        let text = error.serverText?.lowercased() ?? ""
        if error.code == .overQuota || text.contains("quota") || text.contains("mailbox is full") { throw Full() }
        guard [.commandRefused, .busy, .mailboxNotFound].contains(error.code) else { throw error }
    }

    // MARK: Folders

    /// The folder that a mail goes into, made where it is missing, with what is in it.
    private nonisolated(nonsending) func folder(_ levels: [String]) async throws -> AppendFolder {
        let name = names.name(levels)
        if let folder = folders[name] { return folder }
        if let refusal = refusedFolders[name] { throw refusal }
        do {
            let known = mailbox(name)
            if known?.isSelectable != true { try await make(name) }
            let encoded = known?.encodedName ?? connection.mailboxName(name)
            let folder = AppendFolder(displayName: name, name: encoded)
            try await survey(folder)
            folders[name] = folder
            return folder
        } catch let error as IMAPError where connection.isIdle {
            try stopIfFull(error)
            let refusal = FolderRefusal(words: error.serverText)
            refusedFolders[name] = refusal
            throw refusal
        }
    }

    private func mailbox(_ name: String) -> IMAPMailboxInfo? {
        guard AppendNames.isInbox(name) else { return listed[name] }
        return listed.values.first { $0.encodedName.isInbox }
    }

    /// Makes a folder, and those that it stands in: not every server makes these by itself.
    private nonisolated(nonsending) func make(_ name: String) async throws {
        for superior in names.superiors(of: name) where listed[superior] == nil {
            do {
                try await create(superior)
            } catch let error as IMAPError where connection.isIdle && error.code == .commandRefused {}
        }
        try await create(name)
    }

    private nonisolated(nonsending) func create(_ name: String) async throws {
        let encoded = connection.mailboxName(name)
        try await connection.create(encoded)
        listed[name] = IMAPMailboxInfo(encodedName: encoded, delimiter: names.delimiter)
        appender.report.folders += 1
    }

    /// Learns what is in a folder: of each mail, by what it is looked for, and which of ours are known to be there.
    private nonisolated(nonsending) func survey(_ folder: AppendFolder) async throws {
        try await open(folder)
        var uids: Set<UInt32> = []
        try await connection.fetchHeaders([1...UInt32.max], fields: MailFingerprint.keyFields) { mail in
            uids.insert(mail.uid)
            folder.mails[MailFingerprint.key(of: mail.header.readableBytesView), default: []].append(mail.uid)
        }
        let known = try await appender.known(in: folder)
        folder.present = Set(known.filter { uids.contains($0.key) }.values)
    }

    private nonisolated(nonsending) func open(_ folder: AppendFolder) async throws {
        guard opened !== folder else { return }
        opened = nil
        let selected = try await connection.examine(folder.name)
        folder.uidValidity = selected.uidValidity
        folder.count = max(folder.count, selected.messageCount)
        opened = folder
    }

    /// Looks whether what the server took is there.
    nonisolated(nonsending) func confirm() async throws {
        for folder in folders.values where folder.appendedCount > 0 {
            let before = folder.count
            opened = nil
            try await open(folder)
            let there = Set(try await connection.uids(in: 1...UInt32.max))
            let missing =
                folder.appended.count == folder.appendedCount
                ? folder.appended.count { !there.contains($0) }
                : max(0, before + folder.appendedCount - there.count)
            appender.report.unconfirmed += missing
        }
    }
}
