import Foundation

/// A program that runs until it is told to end, known by its process id.
final class SpawnedProgram: Sendable {
    private let identifier: pid_t

    /// Starts a program of the system, its standard streams closed.
    init(_ name: String, _ arguments: [String]) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        // What other tests have open: a pipe that it kept open would never end for its reader.
        for descriptor in CInt(3)..<1024 { posix_spawn_file_actions_addclose(&actions, descriptor) }
        // A thread of a pool blocks signals, which the program would inherit and then never hear that it is to end.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        let argv = ([name] + arguments).map { strdup($0) } + [nil]
        let environment = [strdup("PATH=/usr/sbin:/usr/bin:/sbin:/bin"), nil]
        defer { for text in argv + environment { free(text) } }
        var identifier: pid_t = 0
        let path = try Self.path(of: name)
        guard posix_spawn(&identifier, path, &actions, &attributes, argv, environment) == 0 else {
            throw SystemProgram.Failure(description: "\(name) could not be started")
        }
        self.identifier = identifier
    }

    private static func path(of name: String) throws -> String {
        let candidates = ["/usr/sbin/", "/usr/bin/", "/usr/local/sbin/", "/usr/local/bin/"].map { $0 + name }
        guard let path = candidates.first(where: FileManager.default.isExecutableFile(atPath:)) else {
            throw SystemProgram.Failure(description: "\(name) is not installed")
        }
        return path
    }

    /// Whether it has not ended; once it has, its id must not be used any more.
    private func hasEnded() -> Bool {
        waitpid(identifier, nil, WNOHANG) != 0
    }

    /// Asks it to end, and ends it after five seconds.
    func stop() async {
        kill(identifier, SIGTERM)
        for _ in 0..<500 {
            if hasEnded() { return }
            try? await Task.sleep(for: .milliseconds(10))
        }
        kill(identifier, SIGKILL)
        waitpid(identifier, nil, 0)
    }
}
