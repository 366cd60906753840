/// The mails of a folder that is open, numbered from 1 in an order in which new ones come last.
protocol FileSourceMails {
    var count: Int { get }

    /// Stands for the first `count` mails and their order; `count` is none of more than there are.
    func uidValidity(ofFirst count: Int) -> UInt32

    /// A mail; nil where it is gone.
    ///
    /// - Throws: `SyncFailure`; of code `path` where this mail cannot be read.
    func mail(_ number: Int) throws -> FileSourceMail?
}

/// An open file source, and the folder that is open in it.
///
/// Used by one task at a time.
final class FileSourceSession: MailSession {
    private let root: any FileSourceNode
    /// Which copy of a mailbox it is: names and places say the same of another copy's mails, which may be others.
    private let identity: String
    private var found: [String: FileSourceFolder]?
    private var mails: (any FileSourceMails)?

    init(root: any FileSourceNode, identity: String = "") {
        self.root = root
        self.identity = identity
    }

    nonisolated(nonsending) func folders() async throws -> [SourceFolder] {
        let folders = try FileSourceFolder.all(in: root)
        found = Dictionary(folders.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        return folders.map { SourceFolder(name: $0.name, path: $0.name, exclusion: $0.exclusion, delimiter: "/") }
    }

    nonisolated(nonsending) func open(_ folder: SourceFolder) async throws -> OpenedFolder {
        if found == nil { _ = try await folders() }
        guard let place = found?[folder.path], let kind = place.kind else {
            throw SyncFailure(.server, "there is no such mail folder")
        }
        mails = nil
        let mails: any FileSourceMails
        do {
            guard let node = try place.path.isEmpty ? root : root.open(place.path) else {
                throw SyncFailure(.path, "a mail folder is gone")
            }
            switch kind {
            case .maildir: mails = try MaildirSource(node)
            case .mbox:
                let box = try await MboxSource(node)
                // A file that somebody names is to be mail: otherwise a slip of theirs would look like an empty mailbox.
                guard try !place.path.isEmpty || box.holdsMail() else {
                    throw SyncFailure(.path, "the file is no mbox, or is empty")
                }
                mails = box
            }
        } catch let failure as SyncFailure where failure.code == .path && !place.path.isEmpty {
            throw SyncFailure(.server, failure.message, cause: failure)
        }
        self.mails = mails
        return OpenedFolder(
            uidValidity: uidValidity(ofFirst: mails.count, in: mails),
            uidNext: UInt32(clamping: mails.count + 1),
            count: mails.count
        )
    }

    /// Few enough to be recorded in one transaction with the position behind them, which stands for what was read.
    let headerWindow = 200
    let keepsPartOfWindow = false

    /// 0 where there are not so many mails any more.
    func uidValidity(below uid: UInt32) -> UInt32 {
        let count = max(1, Int(uid)) - 1
        guard let mails, count <= mails.count else { return 0 }
        return uidValidity(ofFirst: count, in: mails)
    }

    private func uidValidity(ofFirst count: Int, in mails: any FileSourceMails) -> UInt32 {
        let validity = mails.uidValidity(ofFirst: count)
        return identity.isEmpty ? validity : UIDValidities.value(of: "\(identity)/\(validity)")
    }

    nonisolated(nonsending) func uids(in range: ClosedRange<UInt32>) async throws -> [UInt32] {
        guard let mails, mails.count > 0 else { return [] }
        let there = 1...UInt32(clamping: mails.count)
        return range.overlaps(there) ? Array(range.clamped(to: there)) : []
    }

    nonisolated(nonsending) func headers(
        of uids: [ClosedRange<UInt32>],
        _ onHeader: nonisolated(nonsending) (SourceHeader) async throws -> Void
    ) async throws -> [UInt32] {
        var unreadable: [UInt32] = []
        guard let mails else { return unreadable }
        for range in uids {
            for uid in try await self.uids(in: range) {
                let header = try noting(uid, in: &unreadable) {
                    try mails.mail(Int(uid)).map { mail in
                        let header = try mail.header()
                        return SourceHeader(
                            uid: uid,
                            size: header.size,
                            bytes: header.bytes,
                            isWhole: header.isWhole
                        )
                    }
                }
                guard let header else { continue }
                try await onHeader(header)
                await Task.yield()
            }
        }
        return unreadable
    }

    nonisolated(nonsending) func bodies(
        of uids: [UInt32],
        _ onBody: nonisolated(nonsending) (SourceBody) async throws -> Void
    ) async throws -> [UInt32] {
        var unreadable: [UInt32] = []
        guard let mails else { return unreadable }
        for uid in uids {
            let mail = try noting(uid, in: &unreadable) {
                let mail = try mails.mail(Int(uid))
                try mail?.check()
                return mail
            }
            guard let mail else { continue }
            let body = SourceBody(uid: uid, receivedAt: mail.receivedAt) { write in
                var reader = mail.reader()
                while let chunk = try reader.next() {
                    try chunk.withUnsafeBytes(write)
                    await Task.yield()
                }
            }
            try await onBody(body)
        }
        return unreadable
    }

    /// Reads what belongs to one mail; notes the mail where that fails because of the mail.
    private func noting<Value>(
        _ uid: UInt32,
        in unreadable: inout [UInt32],
        _ read: () throws -> Value?
    ) throws -> Value? {
        do {
            return try read()
        } catch let failure as SyncFailure where failure.code == .path {
            unreadable.append(uid)
            return nil
        }
    }
}
