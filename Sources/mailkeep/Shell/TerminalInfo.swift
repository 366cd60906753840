import Glibc
package import MailkeepModel

/// What a command may know of the terminal it was given at.
package struct TerminalInfo: Sendable, Equatable {
    /// Whether standard output is a terminal (a table for a person, colours).
    package var isOutputTerminal: Bool
    /// Whether standard error is a terminal (a progress bar).
    package var isErrorTerminal: Bool
    /// Columns; 80 where nothing tells.
    package var width: Int
    /// What the environment says of the language; nil if nothing.
    package var locale: Locale?
    /// The name in the user database, else the number; named in the audit log.
    package var userName: String
    package var userID: UInt32
    /// The working directory, absolute.
    package var directory: String

    package init(
        isOutputTerminal: Bool,
        isErrorTerminal: Bool,
        width: Int,
        locale: Locale?,
        userName: String,
        userID: UInt32,
        directory: String
    ) {
        self.isOutputTerminal = isOutputTerminal
        self.isErrorTerminal = isErrorTerminal
        self.width = width
        self.locale = locale
        self.userName = userName
        self.userID = userID
        self.directory = directory
    }

    /// This process's own.
    package static func current(standardOutput: Int32 = 1, standardError: Int32 = 2) -> TerminalInfo {
        let userID = geteuid()
        return TerminalInfo(
            isOutputTerminal: isatty(standardOutput) == 1,
            isErrorTerminal: isatty(standardError) == 1,
            width: columns(of: standardOutput) ?? columns(of: standardError) ?? 80,
            locale: locale(variable: environmentVariable),
            userName: userName(of: userID),
            userID: userID,
            directory: workingDirectory()
        )
    }

    /// The language that `LC_ALL`, `LC_MESSAGES` or `LANG` names, the first that is set (POSIX, 8.2).
    static func locale(variable: (String) -> String?) -> Locale? {
        for name in ["LC_ALL", "LC_MESSAGES", "LANG"] {
            guard let value = variable(name), !value.isEmpty else { continue }
            let language = value.prefix { $0 != "_" && $0 != "." && $0 != "@" }
            return language == "C" || language == "POSIX" ? nil : (language == "ja" ? .japanese : .english)
        }
        return nil
    }

    /// The name of the operating system's user with this number.
    static func userName(of userID: UInt32) -> String {
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

    private static func columns(of descriptor: Int32) -> Int? {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }

    private static func environmentVariable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }

    private static func workingDirectory() -> String {
        guard let path = getcwd(nil, 0) else { return "/" }
        defer { free(path) }
        return String(cString: path)
    }
}
