import Crypto
import Glibc

/// The mails of a Maildir: a file each in `new` and `cur`, numbered in the order of their unique names.
final class MaildirSource: FileSourceMails {
    let uidValidity: UInt32
    var count: Int { names.count }

    private let folder: FileSourceNode
    private let names: [Name]
    /// Where mails are that were not found under the name they had, as of the last look.
    private var moved: [ArraySlice<UInt8>: Name]?

    /// A mail's file.
    private struct Name: Equatable {
        /// `new` or `cur`, and the name in it.
        let path: [[UInt8]]
        let mayBeRead: Bool

        /// What stays when flags change: what stands before `:2,`, or what Windows allows in place of the colon.
        var unique: ArraySlice<UInt8> {
            guard let name = path.last else { return [] }
            let end = name.indices.dropLast(2).first { index in
                guard name[index + 1] == UInt8(ascii: "2"), name[index + 2] == UInt8(ascii: ",") else { return false }
                return [UInt8(ascii: ":"), UInt8(ascii: ";"), UInt8(ascii: "!")].contains(name[index])
            }
            return name[..<(end ?? name.endIndex)]
        }
    }

    /// Numbers the mails.
    ///
    /// Which of them may be read is in `uidValidity`, so that one that is repaired is not missed.
    ///
    /// - Throws: `SyncFailure`.
    init(_ folder: FileSourceNode) throws(SyncFailure) {
        self.folder = folder
        names = try Self.names(in: folder)
        var hash = SHA256()
        for name in names {
            hash.update(data: name.unique)
            hash.update(data: [0, name.mayBeRead ? 1 : 0])
        }
        uidValidity = UInt32(uidValidity: hash.finalize())
    }

    func mail(_ number: Int) throws -> FileSourceMail? {
        guard names.indices.contains(number - 1) else { return nil }
        let name = names[number - 1]
        guard name.mayBeRead else { throw SyncFailure(.path, "a mail file may not be read") }
        guard let file = try file(name) else { return nil }
        return FileSourceMail(
            file: file,
            range: 0..<file.size,
            unquotes: false,
            size: nil,
            receivedAt: file.modifiedAt
        )
    }

    /// Opens a mail, also where its flags, or that somebody saw it, changed its name meanwhile.
    private func file(_ name: Name) throws(SyncFailure) -> FileSourceNode? {
        if let file = try folder.open(name.path) { return file }
        if let moved {
            guard let name = moved[name.unique] else { return nil }
            if let file = try folder.open(name.path) { return file }
        }
        let moved = Dictionary(
            try Self.names(in: folder).map { ($0.unique, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        self.moved = moved
        guard let name = moved[name.unique] else { return nil }
        return try folder.open(name.path)
    }

    /// `new` first, as mails move from there to `cur`: so none is missed.
    private static func names(in folder: FileSourceNode) throws(SyncFailure) -> [Name] {
        var names: [Name] = []
        for part in ["new", "cur"].map({ Array($0.utf8) }) {
            guard let node = try folder.open([part]) else { continue }
            for entry in try node.entries() where entry.kind != .folder && entry.name.first != UInt8(ascii: ".") {
                let mayBeRead = entry.kind == .file && node.mayRead(entry.name)
                names.append(Name(path: [part, entry.name], mayBeRead: mayBeRead))
            }
        }
        return names.map { (unique: $0.unique, name: $0) }
            .sorted { $0.unique.lexicographicallyPrecedes($1.unique) }
            .map(\.name)
    }
}

extension UInt32 {
    /// A UIDVALIDITY that changes with what was hashed; never 0 (RFC 9051, 2.3.1.1).
    init(uidValidity digest: SHA256.Digest) {
        self = Swift.max(1, digest.prefix(4).reduce(0) { $0 << 8 | UInt32($1) })
    }
}
