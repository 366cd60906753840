import Synchronization

/// Tells on standard error how something goes: a line that is written over on a terminal, plain lines elsewhere.
final class ProgressLine: Sendable {
    private let console: any Console
    private let last: Mutex<ContinuousClock.Instant>

    init(on console: any Console) {
        self.console = console
        // What is over in a moment needs no telling.
        last = Mutex(.now)
    }

    private var isTerminal: Bool { console.terminal.isErrorTerminal }

    /// Tells it, unless something was told a moment ago.
    func tell(_ text: @autoclosure () -> String) async throws {
        let now = ContinuousClock.now
        let pause: Duration = isTerminal ? .milliseconds(200) : .seconds(5)
        let isDue = last.withLock { last in
            guard now - last >= pause else { return false }
            last = now
            return true
        }
        guard isDue else { return }
        try await console.write(isTerminal ? "\r\u{1b}[K\(text())" : "\(text())\n", to: .standardError)
    }

    /// Leaves the line empty for what comes next.
    func end() async throws {
        if isTerminal { try await console.write("\r\u{1b}[K", to: .standardError) }
    }
}
