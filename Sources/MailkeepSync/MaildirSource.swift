import Glibc

/// The mails of a Maildir: a file each in `new` and `cur`, numbered in the order of their delivery.
///
/// Unique names begin with the second of the delivery, so that a new mail comes last and leaves the others' numbers alone.
final class MaildirSource: FileSourceMails {
    var count: Int { names.count }

    private let folder: any FileSourceNode
    private let names: [Name]
    private let validities: UIDValidities
    /// Where mails are that were not found under the name they had, as of the last look.
    private var moved: [ArraySlice<UInt8>: Name]?

    /// A mail's file.
    private struct Name: Equatable {
        /// `new` or `cur`, and the name in it.
        let path: [[UInt8]]
        let mayBeRead: Bool

        /// When it was delivered, in seconds since 1970 UTC; 0 where the name does not say.
        var deliveredAt: UInt64 {
            let digits = path.last?.prefix { (0x30...0x39).contains($0) } ?? []
            return UInt64(String(decoding: digits, as: UTF8.self)) ?? 0
        }

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
    /// - Throws: `SyncFailure`.
    init(_ folder: any FileSourceNode) throws(SyncFailure) {
        self.folder = folder
        names = try Self.names(in: folder)
        var validities = UIDValidities()
        for name in names { validities.append(Array(name.unique) + [0]) }
        self.validities = validities
    }

    func uidValidity(ofFirst count: Int) -> UInt32 { validities[count] }

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
    private func file(_ name: Name) throws(SyncFailure) -> (any FileSourceNode)? {
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
    private static func names(in folder: any FileSourceNode) throws(SyncFailure) -> [Name] {
        var names: [Name] = []
        for part in ["new", "cur"].map({ Array($0.utf8) }) {
            guard let node = try folder.open([part]) else { continue }
            for entry in try node.entries() where entry.kind != .folder && entry.name.first != UInt8(ascii: ".") {
                let mayBeRead = entry.kind == .file && node.mayRead(entry.name)
                names.append(Name(path: [part, entry.name], mayBeRead: mayBeRead))
            }
        }
        return names.map { (time: $0.deliveredAt, unique: $0.unique, name: $0) }
            .sorted { $0.time != $1.time ? $0.time < $1.time : $0.unique.lexicographicallyPrecedes($1.unique) }
            .map(\.name)
    }
}
