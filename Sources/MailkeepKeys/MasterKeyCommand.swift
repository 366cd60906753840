import FoundationEssentials
import Glibc

/// A command that prints the master key on standard output, as clients of secret stores do.
///
/// It runs in `/bin/sh`, in a process group of its own, with nothing on standard input; what it says on standard error goes
/// where this process's goes.
struct MasterKeyCommand {
    private static let mostOutput = 1024

    private let command: String
    private let patience: Duration

    init(_ command: String, patience: Duration = .seconds(30)) {
        self.command = command
        self.patience = patience
    }

    /// Runs it to its end.
    ///
    /// - Throws: `KeyError` (`commandFailed`, `commandSlow`, `commandTooMuch`), `CancellationError`.
    func output() throws -> [UInt8] {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw failed("there is no pipe", errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[0]) }
        let process: pid_t
        do {
            defer { close(ends[1]) }
            process = try spawn(writingTo: ends[1])
        }
        let (output, status): ([UInt8], Int32)
        do {
            let deadline = ContinuousClock.now + patience
            output = try read(ends[0], until: deadline)
            status = try wait(for: process, until: deadline)
        } catch {
            // The whole group, as a shell starts others.
            kill(-process, SIGKILL)
            var status: Int32 = 0
            while waitpid(process, &status, 0) < 0, errno == EINTR {}
            throw error
        }
        guard status == 0 else {
            let (signal, code) = (status & 0x7F, status >> 8 & 0xFF)
            let how = signal == 0 ? "it ended with status \(code)" : "signal \(signal) ended it"
            throw KeyError(.commandFailed, "The command for the master key failed: \(how).")
        }
        return output
    }

    private func spawn(writingTo output: Int32) throws(KeyError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
        posix_spawnattr_setflags(&attributes, Int16(flags))
        let environment = ProcessInfo.processInfo.environment.filter { $0.key != MasterKeySource.variable }
        let variables = environment.map { Self.text("\($0.key)=\($0.value)") } + [nil]
        let arguments = ["sh", "-c", command].map(Self.text) + [nil]
        defer { for text in variables + arguments { free(text) } }
        var process: pid_t = 0
        let failure = posix_spawn(&process, "/bin/sh", &actions, &attributes, arguments, variables)
        guard failure == 0 else { throw failed("it could not be started", failure) }
        return process
    }

    private static func text(_ text: String) -> UnsafeMutablePointer<CChar>? { strdup(text) }

    /// Everything up to the end.
    private func read(_ descriptor: Int32, until deadline: ContinuousClock.Instant) throws -> [UInt8] {
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: Self.mostOutput + 1)
        while true {
            try checkPatience(deadline)
            var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&waiting, 1, 50) > 0 else { continue }
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count == 0 { return output }
            if count < 0, errno != EINTR { throw failed("its output cannot be read", errno) }
            output += buffer.prefix(max(0, count))
            guard output.count <= Self.mostOutput else {
                throw KeyError(.commandTooMuch, "The command for the master key prints more than a key.")
            }
        }
    }

    /// The status with which a process that says nothing more ends, as waitpid(2) gives it.
    private func wait(for process: pid_t, until deadline: ContinuousClock.Instant) throws -> Int32 {
        var status: Int32 = 0
        while true {
            let ended = waitpid(process, &status, WNOHANG)
            if ended == process { return status }
            if ended < 0, errno != EINTR { throw failed("it was lost", errno) }
            try checkPatience(deadline)
            usleep(10_000)
        }
    }

    private func checkPatience(_ deadline: ContinuousClock.Instant) throws {
        guard !Task.isCancelled else { throw CancellationError() }
        guard ContinuousClock.now < deadline else {
            throw KeyError(.commandSlow, "The command for the master key did not end within \(patience).")
        }
    }

    private func failed(_ what: String, _ number: Int32) -> KeyError {
        let words = String(cString: strerror(number))
        return KeyError(.commandFailed, "The command for the master key failed: \(what) (\(words)).", errno: number)
    }
}
