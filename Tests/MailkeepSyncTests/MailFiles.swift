import Foundation
import MailkeepModel
import MailkeepStore
import Testing

@testable import MailkeepSync

/// A folder of mail files, removed when the value goes.
final class MailFiles: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "mail-files-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    @discardableResult
    func write(_ bytes: [UInt8], to name: String) throws -> String {
        let file = "\(path)/\(name)"
        try folder(Self.parent(of: name))
        try Data(bytes).write(to: URL(filePath: file))
        return file
    }

    @discardableResult
    func write(_ text: String, to name: String) throws -> String { try write(Array(text.utf8), to: name) }

    @discardableResult
    func folder(_ name: String) throws -> String {
        try FileManager.default.createDirectory(atPath: "\(path)/\(name)", withIntermediateDirectories: true)
        return "\(path)/\(name)"
    }

    private static func parent(of name: String) -> String {
        name.lastIndex(of: "/").map { String(name[..<$0]) } ?? ""
    }

    func maildir(_ name: String) throws {
        for part in ["cur", "new", "tmp"] { try folder("\(name)/\(part)") }
    }

    func link(_ name: String, to target: String) throws {
        try folder(Self.parent(of: name))
        try FileManager.default.createSymbolicLink(atPath: "\(path)/\(name)", withDestinationPath: target)
    }

    /// A mail in text.
    static func mail(_ subject: String, body: String = "Hello", end: String = "\n") -> String {
        ["From: a@example.com", "Subject: \(subject)", "", body, ""].joined(separator: end)
    }

    /// Everything that is in a source here.
    func read(_ name: String = "") async throws -> [ReadFolder] {
        var result: [ReadFolder] = []
        try await FileSource(path: "\(path)/\(name)", allowed: [path]).withSession { session in
            for folder in try await session.folders() {
                result.append(try await ReadFolder(folder, in: session))
            }
        }
        return result
    }

    /// The mails of a source that is one folder.
    func mails(_ name: String = "") async throws -> [String] {
        let folders = try await read(name)
        #expect(folders.map(\.name) == ["INBOX"])
        return folders.flatMap(\.mails)
    }
}

/// What a session gives of a folder.
struct ReadFolder {
    let name: String
    let exclusion: FolderExclusion?
    var opened: OpenedFolder?
    var headers: [SourceHeader] = []
    var bodies: [UInt32: [UInt8]] = [:]
    var unreadable: [UInt32] = []
    var arrivals: [Int64?] = []

    /// Whole mails by UID.
    var mails: [String] { bodies.sorted { $0.key < $1.key }.map { String(decoding: $0.value, as: UTF8.self) } }

    nonisolated(nonsending) init(_ folder: SourceFolder, in session: any MailSession) async throws {
        name = folder.name
        exclusion = folder.exclusion
        guard folder.exclusion == nil else { return }
        let opened = try await session.open(folder)
        self.opened = opened
        var headers: [SourceHeader] = []
        let unreadable = try await session.headers(of: [1...UInt32.max]) { headers.append($0) }
        self.headers = headers
        self.unreadable = unreadable
        bodies = try await session.wholeMails(headers.map(\.uid))
        arrivals = try await session.arrivals(headers.map(\.uid))
        for header in headers {
            #expect(header.size == bodies[header.uid].map { UInt64($0.count) })
        }
        #expect(opened.uidNext == UInt32(opened.count + 1))
        #expect(opened.uidValidity != 0)
    }
}

extension MailSession {
    nonisolated(nonsending) func wholeMails(_ uids: [UInt32]) async throws -> [UInt32: [UInt8]] {
        var mails: [UInt32: [UInt8]] = [:]
        let unreadable = try await bodies(of: uids) { body in
            var bytes: [UInt8] = []
            try await body.forEachChunk { bytes.append(contentsOf: $0) }
            mails[body.uid] = bytes
        }
        #expect(unreadable.isEmpty)
        return mails
    }

    /// When mails came, in the order of their UIDs.
    nonisolated(nonsending) func arrivals(_ uids: [UInt32]) async throws -> [Int64?] {
        var arrivals: [UInt32: Int64?] = [:]
        _ = try await bodies(of: uids) { arrivals[$0.uid] = .some($0.receivedAt) }
        return arrivals.sorted { $0.key < $1.key }.map(\.value)
    }
}

extension MailFiles {
    func move(_ name: String, to other: String) throws {
        try FileManager.default.moveItem(atPath: "\(path)/\(name)", toPath: "\(path)/\(other)")
    }

    /// What the numbers of the first mails of the one folder here are valid under.
    func validity(ofFirst count: UInt32) async throws -> UInt32? {
        try await session { session in
            let folder = try #require(try await session.folders().first)
            _ = try await session.open(folder)
            return session.uidValidity(below: count + 1)
        }
    }

    /// Opens everything here.
    @discardableResult
    nonisolated(nonsending) func session<Value>(
        _ body: nonisolated(nonsending) (any MailSession) async throws -> Value
    ) async throws -> Value? {
        var value: Value?
        try await FileSource(path: path, allowed: [path]).withSession { value = try await body($0) }
        return value
    }
}

/// Random numbers that are the same in every run.
struct MailFilesRandom: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// Pieces of which mbox files consist, in any order, and garbage.
    mutating func mboxLikeBytes(pieces: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<Int.random(in: 0...pieces, using: &self) {
            switch Int.random(in: 0..<12, using: &self) {
            case 0: bytes += Array("From a@example.com Mon Jan  5 10:30:00 2026".utf8)
            case 1: bytes += Array("From ".utf8)
            case 2: bytes += Array("\n\n".utf8)
            case 3: bytes += Array("\r\n".utf8)
            case 4: bytes += Array(repeating: UInt8(ascii: ">"), count: Int.random(in: 1...3, using: &self))
            case 5: bytes += Array("Subject: x".utf8)
            case 6: bytes += (0..<20).map { _ in UInt8.random(in: .min ... .max, using: &self) }
            case 7: bytes += Array(repeating: UInt8(ascii: "x"), count: Int.random(in: 0...600, using: &self))
            case 8: bytes.append(0x0D)
            default: bytes.append(0x0A)
            }
        }
        return bytes
    }
}
