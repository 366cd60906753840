import Glibc
import Synchronization

/// The directory that holds all of one organisation's data, held by this process alone.
///
/// The lock (flock(2) on `DIR/lock`) lasts until ``close()``, the last reference or the process's end,
/// however that comes. Two processes never write one database.
package final class DataDirectory: Sendable {
    /// The directory itself, as it was given.
    package let path: String
    /// The descriptor that holds the lock; nil once closed.
    private let lock: Mutex<Int32?>

    private init(path: String, lock: Int32) {
        self.path = path
        self.lock = Mutex(lock)
    }

    deinit {
        close()
    }

    /// The facts.
    package var database: String { "\(path)/mailkeep.sqlite" }
    /// The bytes of the mail.
    package var vault: String { "\(path)/vault" }
    /// The keys.
    package var keys: String { "\(path)/keys" }
    /// Where `serve` takes commands from the shell.
    package var socket: String { Self.socket(at: path) }

    /// Where the server of the data directory at `path` listens, if there is one.
    package static func socket(at path: String) -> String { "\(path)/run.sock" }

    /// Whether there is a database; one that was only just made, or whose `init` failed early, has none.
    package var hasDatabase: Bool { access(database, F_OK) == 0 }

    /// Makes a data directory (0700, with the directories above it) and takes it.
    ///
    /// One that is Mailkeep's already is taken as it is: see ``hasDatabase``. Throws
    /// ``DataDirectoryError``: `notEmpty`, `otherOwner`, `networkFileSystem`, `locked`, `system`.
    package static func create(at path: String) throws -> DataDirectory {
        try makeDirectory(path)
        try check(path)
        let others = try entries(of: path).subtracting(["lock", "lost+found"])
        guard others.isEmpty || isMarked(path) else { throw DataDirectoryError(.notEmpty, path: path) }
        guard let lock = try take(path) else { throw locked(path) }
        let directory = DataDirectory(path: path, lock: lock)
        guard chmod(path, 0o700) == 0 else { throw failure(path) }
        for part in [directory.vault, directory.keys] { try makeDirectory(part) }
        return directory
    }

    /// Takes a data directory, waiting at most `patience` for another process to release it.
    ///
    /// Throws ``DataDirectoryError``: `notADataDirectory`, `otherOwner`, `networkFileSystem`, `locked`,
    /// `system`; `CancellationError` while it waits.
    package static func open(
        at path: String,
        patience: Duration = .seconds(10)
    ) async throws -> DataDirectory {
        try check(path)
        guard isMarked(path) else { throw DataDirectoryError(.notADataDirectory, path: path) }
        let deadline = ContinuousClock.now + patience
        while true {
            if let lock = try take(path) { return DataDirectory(path: path, lock: lock) }
            guard ContinuousClock.now < deadline else { throw locked(path) }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// Releases the directory to other processes; it is not to be used afterwards.
    package func close() {
        lock.withLock { descriptor in
            if let descriptor { Glibc.close(descriptor) }
            descriptor = nil
        }
    }
}
