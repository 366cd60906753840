/// Why keys could not be made, read or used.
package struct KeyError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// There are keys already, and they are not overwritten.
        case exists
        /// A key file or its directory is not there.
        case missing
        /// Others than the owner can reach the keys, or they belong to somebody else.
        case permissions
        /// A key file does not hold what it should.
        case damaged
        /// The master key is not the one that wrapped the keyring.
        case wrongMaster
        /// The file was written by a newer version.
        case newerFormat
        /// The operating system refused to read or write.
        case ioFailed
        /// Sealed bytes were changed, or sealed under another key or context.
        case notAuthentic
    }

    package let code: Code
    /// What happened and what to do, in English, for the shell; holds paths, never keys.
    package let message: String
    /// The operating system's error number, where there is one.
    package let errno: Int32?

    package init(_ code: Code, _ message: String, errno: Int32? = nil) {
        self.code = code
        self.message = message
        self.errno = errno
    }

    package var description: String { "\(code.rawValue): \(message)" }

    package static func == (left: Self, right: Self) -> Bool { left.code == right.code }
}
