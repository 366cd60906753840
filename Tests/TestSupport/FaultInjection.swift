import Foundation

/// A call of the operating system that fails, or at which a program is killed, by strace(1).
package struct FaultInjection: Sendable, CustomStringConvertible {
    package enum Effect: Sendable {
        /// The call does nothing and sets this errno.
        case failure(String)
        /// The process ends before the call does anything.
        case kill
    }

    /// A system call's name.
    let call: String
    /// Which of its calls: the how-manieth that a thread makes.
    let number: Int
    let effect: Effect
    /// Only calls on these files count; without any, all do.
    let paths: [String]
    /// What was called, and what of it failed.
    let log: String

    package init(_ effect: Effect, at number: Int, of call: String, on paths: [String], log: String) {
        self.effect = effect
        self.number = number
        self.call = call
        self.paths = paths
        self.log = log
    }

    /// Whether programs may be watched here at all: some containers forbid it.
    package static let isPossible =
        (try? SystemProgram.run("strace", "-f", "-qq", "-e", "trace=none", "-o", "/dev/null", "true")) != nil

    /// The calls that were seen since the program began, one a line, with the files that they were on.
    package var calls: [String] {
        let text = FileManager.default.contents(atPath: log).map { String(decoding: $0, as: UTF8.self) } ?? ""
        return text.split(separator: "\n").map(String.init).filter { $0.contains(call) }
    }

    /// The names of the files on which a call failed.
    package var failedOn: [String] {
        calls.filter { $0.contains("(INJECTED)") }.map { line in
            let path = line.firstMatch(of: /<([^>]*)>/)?.output.1 ?? ""
            return path.split(separator: "/").last.map(String.init) ?? ""
        }
    }

    package var description: String {
        switch effect {
        case .failure(let error): "\(call) #\(number) \(error)"
        case .kill: "\(call) #\(number) killed"
        }
    }

    /// What strace takes before the program.
    var arguments: [String] {
        let injection: String
        // It watches from aside: the process that was started is the program itself, and takes the signals and has the end
        // that it would have without it.
        var options = ["-D", "-f", "-qq", "-y", "-o", log]
        switch effect {
        case .failure(let error):
            injection = "error=\(error)"
            // Other calls are not stopped at then, which is faster; signals are not sent under it.
            options.append("--seccomp-bpf")
        case .kill: injection = "signal=KILL"
        }
        return options + paths.flatMap { ["-P", $0] }
            + ["-e", "trace=\(call)", "-e", "inject=\(call):\(injection):when=\(number)"]
    }
}
