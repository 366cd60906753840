import Foundation
import Glibc

extension DataDirectory {
    /// Refuses what is absent, of another user, or on a network file system.
    static func check(_ path: String) throws {
        var status = stat()
        guard stat(path, &status) == 0 else {
            let isAbsent = errno == ENOENT || errno == ENOTDIR
            throw isAbsent ? DataDirectoryError(.notADataDirectory, path: path) : failure(path)
        }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw DataDirectoryError(.notADataDirectory, path: path) }
        guard status.st_uid == geteuid() else {
            throw DataDirectoryError(.otherOwner, path: path, detail: userName(of: status.st_uid))
        }
        if let type = NetworkFileSystem.type(at: path) {
            throw DataDirectoryError(.networkFileSystem, path: path, detail: type)
        }
    }

    /// Makes a directory that only its owner may enter, with those above it, durably, unless it is there.
    static func makeDirectory(_ path: String) throws {
        var parents: [String] = []
        var url = URL(filePath: path).standardizedFileURL
        while access(url.path, F_OK) != 0, url.pathComponents.count > 1 {
            url.deleteLastPathComponent()
            parents.append(url.path)
        }
        do {
            try FileManager.default.createDirectory(
                atPath: path,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw DataDirectoryError(.system, path: path, detail: error.localizedDescription)
        }
        for parent in parents { try sync(parent) }
    }

    /// Makes a file, or the names in a directory, durable.
    static func sync(_ path: String) throws {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path) }
        defer { Glibc.close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure(path) }
    }

    static func entries(of path: String) throws -> Set<String> {
        do {
            return Set(try FileManager.default.contentsOfDirectory(atPath: path))
        } catch {
            throw DataDirectoryError(.system, path: path, detail: error.localizedDescription)
        }
    }

    /// What the operating system has just said.
    static func failure(_ path: String) -> DataDirectoryError {
        DataDirectoryError(.system, path: path, detail: String(cString: strerror(errno)))
    }

    private static func userName(of userID: uid_t) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16_384) { buffer in
            var entry = passwd()
            var found: UnsafeMutablePointer<passwd>?
            guard let base = buffer.baseAddress,
                getpwuid_r(userID, &entry, base, buffer.count, &found) == 0, found != nil,
                let name = entry.pw_name
            else { return String(userID) }
            return String(cString: name)
        }
    }
}
