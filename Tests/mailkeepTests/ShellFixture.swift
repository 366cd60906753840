import Foundation
import Glibc
import Logging
import NIOCore
import Testing

@testable import mailkeep

/// A folder with a socket in it, for one test.
final class ShellFixture: Sendable {
    let folder: String

    init() throws {
        folder = NSTemporaryDirectory() + "shell-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: folder)
    }

    var socket: String { folder + "/run.sock" }

    /// Runs a server, of version 1, for the time of `run`.
    @discardableResult
    func withServer<Result: Sendable>(
        at path: String? = nil,
        handle: @escaping @Sendable ([String], any Console) async -> Int32,
        run: @escaping () async throws -> Result
    ) async throws -> Result {
        let path = path ?? socket
        let server = ShellServer(path: path, version: "1", logger: Logger(label: "test"), handle: handle)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            defer { group.cancelAll() }
            try await waitForSocket(path)
            return try await run()
        }
    }

    func waitForSocket(_ path: String? = nil) async throws {
        let path = path ?? socket
        for _ in 0..<12_000 where !FileManager.default.fileExists(atPath: path) {
            try await Task.sleep(for: .milliseconds(5))
        }
        try #require(FileManager.default.fileExists(atPath: path))
    }

    static func withAddress(
        _ path: String,
        _ body: (UnsafePointer<sockaddr>, socklen_t) throws -> Void
    ) throws {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(107)) }
        try withUnsafePointer(to: &address) {
            try $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                try body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    /// A connection without the client.
    func connect() async throws -> Int32 {
        let path = socket
        return try await BlockingCall.run { _ in
            let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            try Self.withAddress(path) { try #require(Glibc.connect(descriptor, $0, $1) == 0) }
            return descriptor
        }
    }

    static func send(_ frames: [ShellFrame], to descriptor: Int32) throws {
        var buffer = ByteBuffer()
        for frame in frames { try frame.write(to: &buffer) }
        let bytes = Array(buffer.readableBytesView)
        _ = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }
}

/// Standard output and standard error in files.
final class Streams: Sendable {
    let console: LocalConsole
    private let paths: [String]
    private let descriptors: [Int32]

    init(_ folder: String) throws {
        paths = ["out", "err"].map { "\(folder)/\($0)" }
        descriptors = paths.map { open($0, O_WRONLY | O_CREAT | O_TRUNC, 0o600) }
        console = LocalConsole(standardOutput: descriptors[0], standardError: descriptors[1])
    }

    deinit {
        for descriptor in descriptors { close(descriptor) }
    }

    var output: Data? { FileManager.default.contents(atPath: paths[0]) }
    var errors: Data? { FileManager.default.contents(atPath: paths[1]) }
}
