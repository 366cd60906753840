import Glibc

/// Why a command cannot use its terminal or files, or cannot go through the server.
///
/// Two are equal when their codes are.
package struct ShellError: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable, CaseIterable {
        // Files.

        /// There is no such file or directory.
        case notFound
        /// The operating system does not permit it.
        case notPermitted
        /// There is a file already, which is not overwritten.
        case exists
        /// A directory where a file is needed.
        case directory
        /// The server asked for a file that the command line does not name.
        case notNamed
        /// More than there may be of it: a file, a line, a command line.
        case tooLarge
        /// Anything else that the operating system says (no space, input/output error, …).
        case system

        // The terminal.

        /// A password is needed and there is no terminal to ask at.
        case noTerminal
        /// Standard input ended before the line.
        case endOfInput
        /// Not UTF-8.
        case notText
        /// Nobody reads the output any more (a closed pipe).
        case outputClosed

        // The connection between command and server.

        /// The server is another version of Mailkeep.
        case otherVersion
        /// The server belongs to another user of the operating system.
        case otherUser
        /// The server stopped before the command was finished.
        case serverStopped
        /// The command's process went away.
        case clientGone
        /// What came over the socket is not in the protocol.
        case malformed
    }

    package let code: Code
    /// The file it is about.
    package let path: String?
    /// A sentence in English, for a person.
    package let message: String

    package init(_ code: Code, path: String? = nil, _ message: String) {
        self.code = code
        self.path = path
        self.message = message
    }

    /// What the operating system said of `path` with `errno`.
    init(errno number: Int32, path: String) {
        let code: Code =
            switch number {
            case ENOENT, ENOTDIR: .notFound
            case EACCES, EPERM, EROFS: .notPermitted
            case EEXIST: .exists
            case EISDIR: .directory
            case EPIPE: .outputClosed
            default: .system
            }
        self.init(code, path: path, "\(path): \(Self.words(of: number)).")
    }

    package var description: String { message }

    /// `strerror`, which several threads may call at once.
    private static func words(of number: Int32) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            guard let base = buffer.baseAddress, strerror_r(number, base, buffer.count) == 0 else {
                return "error \(number)"
            }
            return String(cString: base)
        }
    }
}

extension ShellError: Equatable {
    package static func == (one: ShellError, other: ShellError) -> Bool { one.code == other.code }
}
