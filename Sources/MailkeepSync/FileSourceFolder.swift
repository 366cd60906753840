import IMAPCore
import MailkeepModel

/// A folder of mail that was found in a file source.
struct FileSourceFolder {
    enum Kind {
        case maildir
        case mbox
    }

    /// For people, with `/` between the levels; no other folder of the source has it.
    fileprivate(set) var name: String
    /// Names of files and folders from the source's root on.
    let path: [[UInt8]]
    /// Nil where it cannot be read.
    let kind: Kind?
    /// Why it is not to be read at all; nil also where it should be and cannot.
    let exclusion: FolderExclusion?

    fileprivate init(levels: [String], path: [[UInt8]], kind: Kind?, isLeftOut: Bool) {
        let name = levels.joined(separator: "/")
        self.name = levels.isEmpty || name.lowercased() == "inbox" ? "INBOX" : name
        self.path = path
        self.kind = kind
        exclusion = isLeftOut ? .unreadable : levels.last.flatMap { FolderExclusion(folderNamed: $0) }
    }

    /// All folders of a source, in the order of their paths.
    ///
    /// What may hold mail but cannot be read is among them, to be named in the certificate.
    ///
    /// - Throws: `SyncFailure`, `CancellationError`.
    static func all(in root: any FileSourceNode) throws -> [FileSourceFolder] {
        guard root.isFolder else { return [FileSourceFolder(levels: [], path: [], kind: .mbox, isLeftOut: false)] }
        var search = FileSourceSearch()
        try search.visit(root, path: [], levels: [])
        guard !search.folders.isEmpty else { throw SyncFailure(.path, "there is neither a Maildir nor an mbox file") }
        return search.foldersWithNamesOfTheirOwn()
    }
}

/// A walk through a folder for Maildirs and mbox files.
private struct FileSourceSearch {
    private static let deepest = 16
    private static let mostFolders = 10_000

    private(set) var folders: [FileSourceFolder] = []

    mutating func visit(_ node: any FileSourceNode, path: [[UInt8]], levels: [String]) throws {
        let entries = try node.entries()
        let names = Set(entries.lazy.filter { $0.kind == .folder }.map(\.name))
        // Copies of a Maildir may lack the folders of it that were empty.
        let isMaildir =
            try names.contains(Self.cur)
            || names.contains(Self.new) && (names.contains(Self.tmp) || Self.holdsMails(in: node))
        guard path.count <= Self.deepest else { return try add(levels, path, nil, isLeftOut: true) }
        if isMaildir { try add(levels, path, .maildir) }
        for entry in entries where !(isMaildir && [Self.cur, Self.new, Self.tmp].contains(entry.name)) {
            try Task.checkCancellation()
            try visit(entry, in: node, path: path, levels: levels)
        }
    }

    /// Whether `new` holds mails, a file each, and no mbox files.
    private static func holdsMails(in node: any FileSourceNode) throws(SyncFailure) -> Bool {
        guard let new = try node.open([new]), let first = try new.entries().first(where: { $0.kind == .file }) else {
            return false
        }
        return try new.open([first.name])?.beginsLikeMbox() == false
    }

    private mutating func visit(
        _ entry: FileSourceEntry,
        in node: any FileSourceNode,
        path: [[UInt8]],
        levels: [String]
    ) throws {
        let below = path + [entry.name]
        switch entry.kind {
        case .folder:
            try visitFolder(node, below, levels + Self.levels(ofFolder: entry.name))
        case .file:
            // Apple Mail keeps an mbox in a folder: `Name.mbox/mbox`.
            let isOfParent = entry.name.elementsEqual("mbox".utf8) && path.last?.stem(".mbox") != nil
            let name = isOfParent ? levels : levels + [(entry.name.stem(".mbox") ?? entry.name).displayName]
            // A hidden file may have the name of another and hold what a Mac keeps beside it.
            let isNamedMbox = entry.name.stem(".mbox") != nil && entry.name.first != UInt8(ascii: ".")
            do {
                guard try isNamedMbox || node.open([entry.name])?.beginsLikeMbox() == true else { return }
                try add(name, below, .mbox)
            } catch let failure as SyncFailure where failure.code == .path {
                try add(name, below, nil)
            }
        case .link:
            try add(levels + [entry.name.displayName], below, nil, isLeftOut: true)
        case .other:
            return
        }
    }

    private mutating func visitFolder(_ parent: any FileSourceNode, _ path: [[UInt8]], _ levels: [String]) throws {
        do {
            guard let node = try path.last.flatMap({ try parent.open([$0]) }) else { return }
            try visit(node, path: path, levels: levels)
        } catch let failure as SyncFailure where failure.code == .path {
            try add(levels, path, nil)
        }
    }

    private mutating func add(
        _ levels: [String],
        _ path: [[UInt8]],
        _ kind: FileSourceFolder.Kind?,
        isLeftOut: Bool = false
    ) throws {
        guard folders.count < Self.mostFolders else { throw SyncFailure(.path, "there are too many mail folders") }
        folders.append(FileSourceFolder(levels: levels, path: path, kind: kind, isLeftOut: isLeftOut))
    }

    /// Folders whose names turn out the same are told apart by a number.
    func foldersWithNamesOfTheirOwn() -> [FileSourceFolder] {
        zip(folders, FolderNames.toldApart(folders.map(\.name))).map { folder, name in
            var folder = folder
            folder.name = name
            return folder
        }
    }

    private static let cur = Array("cur".utf8)
    private static let new = Array("new".utf8)
    private static let tmp = Array("tmp".utf8)

    /// `.Name.Sub` of Maildir++ names two levels; Thunderbird keeps the folders below `Name` in `Name.sbd`.
    private static func levels(ofFolder name: [UInt8]) -> [String] {
        if name.first == UInt8(ascii: ".") {
            return name.split(separator: UInt8(ascii: ".")).map { Array($0).displayName }
        }
        return [(name.stem(".sbd") ?? name.stem(".mbox") ?? name).displayName]
    }
}

extension [UInt8] {
    /// A file's name for people: decoded from modified UTF-7 where it is that.
    fileprivate var displayName: String {
        let name = IMAPMailboxName(bytes: self).displayName
        return name.unicodeScalars.contains { $0.properties.generalCategory == .control }
            ? String(decoding: self, as: UTF8.self) : name
    }

    /// What stands before an ending, in any case of letters; nil where the ending, or anything before it, is missing.
    fileprivate func stem(_ ending: String) -> [UInt8]? {
        guard count > ending.utf8.count,
            String(decoding: suffix(ending.utf8.count), as: UTF8.self).lowercased() == ending
        else { return nil }
        return dropLast(ending.utf8.count)
    }
}

extension FileSourceNode {
    fileprivate func beginsLikeMbox() throws(SyncFailure) -> Bool {
        let from = FileSourceLines.from
        guard size >= from.count else { return false }
        return try read(at: 0, count: from.count) == from
    }
}
