package import MailkeepModel

/// Where mail is read from: a mail server's mailbox, or files that hold one.
package protocol MailSource: Sendable {
    /// How many sessions may be open at the same time, at least 1.
    var width: Int { get }
    /// Bytes of mail that may be read on one day (UTC); nil where there is no limit.
    var dailyBytes: Int64? { get }
    /// Whether it is the mailbox as it stands now, so that what is not in it is not there; a file may be of any day.
    var isLive: Bool { get }

    /// Opens the mailbox for the time of `body` and closes it afterwards, whatever happens.
    ///
    /// - Throws: `SyncFailure`, `CancellationError`, and what `body` throws.
    nonisolated(nonsending) func withSession(
        _ body: nonisolated(nonsending) (any MailSession) async throws -> Void
    ) async throws
}

extension MailSource {
    package var width: Int { 1 }
    package var dailyBytes: Int64? { nil }
    package var isLive: Bool { true }
}

/// An open mailbox.
///
/// Reading changes nothing in it. One call at a time.
package protocol MailSession {
    /// Its folders.
    nonisolated(nonsending) func folders() async throws -> [SourceFolder]

    /// Whether all folders of the mailbox were among those that were told last.
    var listsAllFolders: Bool { get }

    /// Opens a folder; the calls below speak of the folder opened last.
    ///
    /// - Throws: `SyncFailure` of code `server` where this folder is refused and others can be opened.
    nonisolated(nonsending) func open(_ folder: SourceFolder) async throws -> OpenedFolder

    /// What the UIDs below `uid` are valid under: while it stays the same, they name the same mails (RFC 9051, 2.3.1.1).
    ///
    /// Of files it depends on the mails below `uid`, so that those that come later leave it alone.
    func uidValidity(below uid: UInt32) -> UInt32

    /// How many headers are asked for at a time.
    var headerWindow: Int { get }

    /// Whether some of a window's headers may be recorded without the position behind them.
    var keepsPartOfWindow: Bool { get }

    /// Tells which mails there are, ascending; it may leave some out, as servers cut long answers short.
    ///
    /// - Throws: as `open`.
    nonisolated(nonsending) func uids(in range: ClosedRange<UInt32>) async throws -> [UInt32]

    /// Reads the headers of the mails with these UIDs, in any order. One that is gone is left out, without an error.
    ///
    /// - Returns: mails that are there and cannot be read.
    nonisolated(nonsending) func headers(
        of uids: [ClosedRange<UInt32>],
        _ onHeader: nonisolated(nonsending) (SourceHeader) async throws -> Void
    ) async throws -> [UInt32]

    /// Reads whole mails. One that is gone is left out, without an error.
    ///
    /// - Returns: mails that are there and cannot be read.
    nonisolated(nonsending) func bodies(
        of uids: [UInt32],
        _ onBody: nonisolated(nonsending) (SourceBody) async throws -> Void
    ) async throws -> [UInt32]
}

extension MailSession {
    package var keepsPartOfWindow: Bool { true }
    package var listsAllFolders: Bool { true }
}

/// A folder as the source names it.
package struct SourceFolder: Sendable {
    /// For people: decoded, with the source's hierarchy delimiter.
    package let name: String
    /// As the source wants it back.
    package let path: String
    /// Why it is not to be read; nil where it is (design decision 5).
    package let exclusion: FolderExclusion?
    /// What the source says of it without its being opened; nil where it does not.
    package let status: OpenedFolder?
    /// What stands between the levels of its name; nil where that is not known, or it has none.
    package let delimiter: Character?
    /// How it stood before, so that opening it tells what is gone since.
    package var before: FolderState?

    package init(
        name: String,
        path: String,
        exclusion: FolderExclusion?,
        status: OpenedFolder? = nil,
        delimiter: Character? = nil
    ) {
        self.name = name
        self.path = path
        self.exclusion = exclusion
        self.status = status
        self.delimiter = delimiter
    }
}

/// How a folder stood, by what its server counts changes with (RFC 7162, 3.1).
package struct FolderState: Sendable, Equatable {
    package let uidValidity: UInt32
    package let modSeq: UInt64
}

/// Names by which folders are told apart in rows and for people.
enum FolderNames {
    /// Gives each of some names that turn out the same a number, in their order.
    static func toldApart(_ names: [String]) -> [String] {
        var taken: Set<String> = []
        return names.map { name in
            var (own, number) = (name, 1)
            while !taken.insert(own).inserted {
                number += 1
                own = "\(name) (\(number))"
            }
            return own
        }
    }
}

extension FolderExclusion {
    /// What a folder is by its usual name, for sources that do not say what it is for (design decision 5).
    ///
    /// Trash is read like any folder.
    init?(folderNamed name: some StringProtocol) {
        switch name.lowercased() {
        case "junk", "junk mail", "junk email", "junk e-mail", "bulk mail", "spam", "迷惑メール": self = .junk
        case "draft", "drafts", "下書き": self = .drafts
        default: return nil
        }
    }
}

/// What a folder says of itself when it is opened.
package struct OpenedFolder: Sendable, Equatable {
    /// What all of its UIDs are valid under.
    package let uidValidity: UInt32
    /// The next mail's UID will not be lower; nil where the server does not say.
    package let uidNext: UInt32?
    package let count: Int
    /// What the source calls it whatever its name becomes (RFC 8474, 4); nil where it does not say.
    package let objectID: String?
    /// How far its server counted changes; nil where it does not.
    package let modSeq: UInt64?
    /// What is gone since the state that it was opened with; nil where the source does not tell.
    package let vanished: [ClosedRange<UInt32>]?

    package init(
        uidValidity: UInt32,
        uidNext: UInt32?,
        count: Int,
        objectID: String? = nil,
        modSeq: UInt64? = nil,
        vanished: [ClosedRange<UInt32>]? = nil
    ) {
        self.uidValidity = uidValidity
        self.uidNext = uidNext
        self.count = count
        self.objectID = objectID
        self.modSeq = modSeq
        self.vanished = vanished
    }
}

/// The header of one mail: the fields that decide on its association.
package struct SourceHeader: Sendable {
    package let uid: UInt32
    /// Of the whole mail, in bytes, as the source says.
    package let size: UInt64
    package let bytes: [UInt8]
    /// Whether they are not only the beginning of a header too long to be read.
    package let isWhole: Bool
    /// What the source calls the same mail in each folder that holds it (RFC 8474, 5.1); nil where it does not say.
    package let emailID: String?

    package init(
        uid: UInt32,
        size: UInt64,
        bytes: [UInt8],
        isWhole: Bool = true,
        emailID: String? = nil
    ) {
        self.uid = uid
        self.size = size
        self.bytes = bytes
        self.isWhole = isWhole
        self.emailID = emailID
    }
}

/// One mail on its way in.
///
/// `forEachChunk` is called at most once, and only while the callback that received it runs.
package struct SourceBody {
    package let uid: UInt32
    /// When the source received it, in milliseconds since 1970 UTC; nil where it does not tell.
    package let receivedAt: Int64?
    /// What marks it there; nil where the source does not tell.
    package let flags: MailFlags?
    package let forEachChunk: Reader

    package typealias Reader = nonisolated(nonsending) ((UnsafeRawBufferPointer) throws -> Void) async throws -> Void

    package init(uid: UInt32, receivedAt: Int64? = nil, flags: MailFlags? = nil, forEachChunk: @escaping Reader) {
        self.uid = uid
        self.receivedAt = receivedAt
        self.flags = flags
        self.forEachChunk = forEachChunk
    }
}
