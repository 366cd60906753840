import Glibc
import Synchronization

/// A line typed at the terminal without being shown.
enum HiddenLine {
    /// Held by who reads: the state for the signal handler is one for the process.
    private static let turn = Mutex(())

    /// The signals that end a process at its terminal.
    private static let signals = [SIGHUP, SIGINT, SIGQUIT, SIGTERM]

    /// Shows `prompt` at the terminal and reads a line with echo off.
    ///
    /// Echo is on again afterwards, also when the task is cancelled or a signal ends the process.
    static func read(prompt: String, terminal path: String, _ wakeUp: WakeUp) throws -> String {
        let terminal = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY)
        guard terminal >= 0, isatty(terminal) == 1 else {
            if terminal >= 0 { close(terminal) }
            throw ShellError(.noTerminal, "There is no terminal to ask for the password: use --password-stdin.")
        }
        defer { close(terminal) }
        return try turn.withLock { _ in
            try BlockingCall.write(Array(prompt.utf8), to: terminal, path: path, wakeUp)
            let line = Result { try withoutEcho(terminal) { try BlockingCall.readLine(terminal, path: path, wakeUp) } }
            // The line end that was typed was not shown either.
            _ = Glibc.write(terminal, "\n", 1)
            return try line.get()
        }
    }

    private static func withoutEcho<Success>(_ terminal: Int32, _ body: () throws -> Success) throws -> Success {
        guard tcgetattr(terminal, shownSettings) == 0 else { throw ShellError(errno: errno, path: "terminal") }
        hiddenTerminal.store(terminal, ordering: .sequentiallyConsistent)
        let previous = signals.map { number in
            var before = sigaction()
            sigaction(number, nil, &before)
            var action = sigaction()
            action.__sigaction_handler.sa_handler = showAndRaise
            // A signal that the process ignores or handles does not end it: cancelling then ends the wait.
            if before.__sigaction_handler.sa_handler == nil { sigaction(number, &action, nil) }
            return before
        }
        defer {
            tcsetattr(terminal, TCSAFLUSH, shownSettings)
            hiddenTerminal.store(-1, ordering: .sequentiallyConsistent)
            for (number, before) in zip(signals, previous) {
                var action = before
                sigaction(number, &action, nil)
            }
        }
        var settings = shownSettings.pointee
        settings.c_lflag &= ~tcflag_t(ECHO | ECHONL)
        guard tcsetattr(terminal, TCSAFLUSH, &settings) == 0 else { throw ShellError(errno: errno, path: "terminal") }
        return try body()
    }
}

/// The terminal whose echo is off; -1 when none is.
private let hiddenTerminal = Atomic<Int32>(-1)

/// The settings of that terminal as they were.
///
/// Unsafe because a signal handler cannot take a lock: written before the handler is installed, under
/// `turn`, and only read by it. Both globals have been initialised by then.
private nonisolated(unsafe) let shownSettings = UnsafeMutablePointer<termios>.allocate(capacity: 1)

/// Shows what is typed again, then lets the signal have its usual effect.
private func showAndRaise(_ number: Int32) {
    let terminal = hiddenTerminal.load(ordering: .sequentiallyConsistent)
    if terminal >= 0 { tcsetattr(terminal, TCSANOW, shownSettings) }
    signal(number, SIG_DFL)
    raise(number)
}
