import Foundation

/// A program that runs until it is told to end, known by its process id.
final class SpawnedProgram: Sendable {
    private let identifier: pid_t

    /// Starts a program of the system, its standard streams closed.
    init(_ name: String, _ arguments: [String]) throws {
        identifier = try spawn(
            try Self.path(of: name),
            arguments,
            environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"],
            streams: (0...2).map { StandardStream(descriptor: $0, path: "/dev/null", flags: O_RDWR) }
        )
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
