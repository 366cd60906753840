import Foundation
import Synchronization
import TestSupport

@testable import MailkeepApp

/// A file as it comes: in pieces, and maybe not to its end.
struct Chunks: AsyncSequence, Sendable {
    fileprivate let source: Source

    fileprivate final class Source: Sendable {
        let next: Mutex<() throws -> [UInt8]?>

        init(_ next: sending @escaping () throws -> [UInt8]?) { self.next = Mutex(next) }
    }

    init(_ bytes: [UInt8], failure: AppError? = nil) {
        var rest = bytes[...]
        self.init(make: {
            guard !rest.isEmpty else {
                if let failure { throw failure }
                return nil
            }
            defer { rest = rest.dropFirst(1000) }
            return Array(rest.prefix(1000))
        })
    }

    init(_ bytes: [UInt8], repeating piece: [UInt8], count: Int) {
        var left = count
        var first: [UInt8]? = bytes
        self.init(make: {
            if let bytes = first {
                first = nil
                return bytes
            }
            left -= 1
            return left >= 0 ? piece : nil
        })
    }

    init(make: sending @escaping () throws -> [UInt8]?) { source = Source(make) }

    struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let source: Source

        mutating func next() async throws -> [UInt8]? { try source.next.withLock { try $0() } }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(source: source) }
}

/// Archives, as hostile as wanted.
enum Archive {
    struct Entry {
        var name: String
        var content: [UInt8] = []
        /// 0 a file, 1 a hard link, 2 a symbolic link, 3 a device, 5 a folder.
        var type = "0"
        var link = ""
    }

    /// A tar file (POSIX.1-1988, ustar).
    static func tar(_ entries: [Entry]) -> [UInt8] {
        var bytes: [UInt8] = []
        for entry in entries {
            var header = [UInt8](repeating: 0, count: 512)
            func put(_ text: String, at offset: Int) {
                for (index, byte) in text.utf8.enumerated() { header[offset + index] = byte }
            }
            // Longer names go into the prefix.
            let name =
                entry.name.count > 100 ? String(entry.name.suffix(99)).drop { $0 != "/" }.dropFirst() : entry.name[...]
            put(String(name), at: 0)
            if name.count < entry.name.count { put(String(entry.name.dropLast(name.count + 1)), at: 345) }
            put("0000644", at: 100)
            put("0000000", at: 108)
            put("0000000", at: 116)
            put(octal(entry.content.count), at: 124)
            put(octal(1_700_000_000), at: 136)
            put("        ", at: 148)
            put(entry.type, at: 156)
            put(entry.link, at: 157)
            put("ustar\u{0}00", at: 257)
            put(String(octal(header.reduce(0) { $0 + Int($1) }).suffix(6)) + "\u{0} ", at: 148)
            bytes += header + entry.content
            bytes += [UInt8](repeating: 0, count: (512 - entry.content.count % 512) % 512)
        }
        return bytes + [UInt8](repeating: 0, count: 1024)
    }

    private static func octal(_ number: Int) -> String {
        let digits = String(number, radix: 8)
        return String(repeating: "0", count: max(0, 11 - digits.count)) + digits
    }

    static func zip(_ files: [(String, String)]) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        let writer = try ArchiveWriter(.zip) { bytes += $0 }
        for (name, content) in files {
            try await writer.beginFile(
                name,
                size: Int64(content.utf8.count),
                modifiedAt: Date(timeIntervalSince1970: 0)
            )
            try await writer.append(Data(content.utf8))
        }
        try await writer.finish()
        return bytes
    }

    static func gzip(_ bytes: [UInt8]) throws -> [UInt8] {
        let file = FileManager.default.temporaryDirectory.appending(path: "archive-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(atPath: file.path + ".gz") }
        try Data(bytes).write(to: file)
        try SystemProgram.run("gzip", file.path)
        return Array(try Data(contentsOf: URL(filePath: file.path + ".gz")))
    }
}

/// What this process has had in memory.
enum Memory {
    /// In bytes, at most so far.
    static var peak: Int {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
        return (line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
    }
}

extension Office {
    var uploadFolder: String { mailbox.replacing("/mail.mbox", with: "/data/uploads") }

    /// What lies in the folder of uploads.
    func uploads() throws -> [Data] {
        guard FileManager.default.fileExists(atPath: uploadFolder) else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: uploadFolder).map {
            try Data(contentsOf: URL(filePath: "\(uploadFolder)/\($0)"))
        }
    }

    /// Every file around the data directory.
    func everyFile() throws -> Set<String> {
        let folder = mailbox.replacing("/mail.mbox", with: "")
        let files = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
        return Set(files.filter { !$0.contains("mailkeep.sqlite") && $0 != "data/uploads" })
    }
}
