import Foundation
import Glibc
import Testing

@testable import MailkeepApp

@Suite("The data directory")
final class DataDirectoryTests {
    private let folder: String

    init() throws {
        folder = NSTemporaryDirectory() + "data-directory-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: folder)
    }

    private var path: String { folder + "/acme/mail" }

    /// How long to wait for a directory that was just released: a program that another test starts holds what was open
    /// here until it is itself.
    private static let moment = Duration.seconds(60)

    @Test("One is made with its parts, which only the owner may enter")
    func create() throws {
        let directory = try DataDirectory.create(at: path)
        for part in [directory.path, directory.vault, directory.keys] {
            let attributes = try FileManager.default.attributesOfItem(atPath: part)
            #expect(attributes[.posixPermissions] as? Int == 0o700)
        }
        #expect(directory.database == path + "/mailkeep.sqlite")
        #expect(directory.socket == DataDirectory.socket(at: path))
        #expect(!directory.hasDatabase)
    }

    @Test("One that was there and empty becomes private")
    func createInEmpty() throws {
        try FileManager.default.createDirectory(
            atPath: path,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o755]
        )
        let directory = try DataDirectory.create(at: path)
        let attributes = try FileManager.default.attributesOfItem(atPath: directory.path)
        #expect(attributes[.posixPermissions] as? Int == 0o700)
    }

    @Test("It can be taken again after it was closed, by init too")
    func reopen() async throws {
        let made = try DataDirectory.create(at: path)
        try Data().write(to: URL(fileURLWithPath: made.database))
        made.close()
        let opened = try await DataDirectory.open(at: path, patience: Self.moment)
        #expect(opened.hasDatabase)
        opened.close()
        for _ in 0..<6000 {
            do {
                #expect(try DataDirectory.create(at: path).hasDatabase)
                return
            } catch let error as DataDirectoryError where error.code == .locked {
                try await Task.sleep(for: .milliseconds(10))
            }
        }
        Issue.record("it stayed locked")
    }

    @Test("It is free again when the last reference goes")
    func reference() async throws {
        do { _ = try DataDirectory.create(at: path) }
        _ = try await DataDirectory.open(at: path, patience: Self.moment)
    }

    @Test("Init refuses a directory with another's files", arguments: ["notes.txt", "lock"])
    func notEmpty(name: String) throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try Data().write(to: URL(fileURLWithPath: path + "/" + name))
        try Data().write(to: URL(fileURLWithPath: path + "/status"))
        #expect(throws: DataDirectoryError(.notEmpty, path: path)) { try DataDirectory.create(at: path) }
    }

    @Test("What is no data directory is not opened, and the words name the command that makes one")
    func notADataDirectory() async throws {
        for path in [folder, folder + "/absent"] {
            let error = await #expect(throws: DataDirectoryError.self) {
                try await DataDirectory.open(at: path, patience: .zero)
            }
            #expect(error?.code == .notADataDirectory)
            #expect(error?.message.contains("mailkeep init --data \(path)") == true)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
    }

    @Test("A file is no data directory")
    func file() async throws {
        let path = folder + "/file"
        try Data().write(to: URL(fileURLWithPath: path))
        await #expect(throws: DataDirectoryError(.notADataDirectory, path: path)) {
            try await DataDirectory.open(at: path, patience: .zero)
        }
    }

    @Test("Another user's is refused", .enabled(if: geteuid() == 0))
    func otherOwner() async throws {
        try DataDirectory.create(at: path).close()
        chown(path, 54_321, 54_321)
        let error = await #expect(throws: DataDirectoryError.self) {
            try await DataDirectory.open(at: path, patience: .zero)
        }
        #expect(error?.code == .otherOwner)
        #expect(error?.detail == "54321")
    }

    @Test("Who comes second is told which process holds it")
    func locked() async throws {
        let first = try DataDirectory.create(at: path)
        let error = await #expect(throws: DataDirectoryError.self) {
            try await DataDirectory.open(at: path, patience: .milliseconds(120))
        }
        #expect(error?.code == .locked)
        #expect(error?.detail == String(getpid()))
        #expect(throws: DataDirectoryError(.locked, path: path)) { try DataDirectory.create(at: path) }
        first.close()
    }

    @Test("Who comes second waits, and gets it once it is released")
    func wait() async throws {
        let path = path
        let first = try DataDirectory.create(at: path)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await DataDirectory.open(at: path, patience: .seconds(60)).close() }
            try await Task.sleep(for: .milliseconds(100))
            first.close()
            try await group.waitForAll()
        }
    }

    @Test("Waiting ends when it is cancelled")
    func cancel() async throws {
        let path = path
        let first = try DataDirectory.create(at: path)
        await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { _ = try await DataDirectory.open(at: path, patience: .seconds(600)) }
            group.cancelAll()
            await #expect(throws: CancellationError.self) { try await group.waitForAll() }
        }
        first.close()
    }

    @Test("A process killed at once leaves the directory free")
    func killed() async throws {
        let directory = try DataDirectory.create(at: path)
        directory.close()
        let holder = Process()
        let output = Pipe()
        holder.executableURL = URL(fileURLWithPath: "/usr/bin/flock")
        holder.arguments = ["--no-fork", path + "/lock", "sh", "-c", "echo held; exec sleep 600"]
        holder.standardOutput = output
        try holder.run()
        #expect(output.fileHandleForReading.availableData == Data("held\n".utf8))
        await #expect(throws: DataDirectoryError(.locked, path: path)) {
            try await DataDirectory.open(at: path, patience: .zero)
        }
        kill(holder.processIdentifier, SIGKILL)
        holder.waitUntilExit()
        try await DataDirectory.open(at: path, patience: Self.moment).close()
    }

    @Test(
        "The mount that holds a path is the deepest and latest",
        arguments: [
            ("/srv/mail/data", "nfs4"), ("/srv/mail", "nfs4"), ("/srv/mailbox", "ext4"), ("/", "ext4"),
            ("/home/me/with space/x", "fuse.sshfs"), ("/over/x", "xfs"),
        ]
    )
    func mounts(path: String, type: String) {
        let mounts = """
            22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
            40 22 0:50 / /srv/mail rw,relatime shared:7 - nfs4 host:/mail rw,vers=4.2
            41 22 0:51 / /home/me/with\\040space rw - fuse.sshfs me@host:/ rw
            42 22 0:52 / /over rw - tmpfs tmpfs rw
            43 22 0:53 / /over rw - xfs /dev/vdb rw
            nonsense
            44 22 0:54 / /srv/mail/broken -
            """
        #expect(NetworkFileSystem.mountedType(of: path, mounts: mounts) == type)
        #expect(NetworkFileSystem.types.contains(type) == ["nfs4", "fuse.sshfs"].contains(type))
    }
}
