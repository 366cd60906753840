/// Why keys could not be made, read or used.
package struct KeyError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable, CaseIterable {
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
        /// There is no file with the master key, and none was given from outside.
        case missingMaster
        /// The master key that was given is none.
        case malformedMaster
        /// The master key that was given does not open the keyring, and that of the file does.
        case masterInFile
        /// The new master key is the one in use.
        case sameMaster
        /// A master key and a command that prints one were given.
        case twoMasters
        /// The command that should print the master key did not.
        case commandFailed
        /// It did not end.
        case commandSlow
        /// It printed more than a key.
        case commandTooMuch
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
    /// The file or folder that it is about, where it is about one.
    package let path: String?
    /// The operating system's error number, where there is one.
    package let errno: Int32?

    package init(_ code: Code, _ message: String, path: String? = nil, errno: Int32? = nil) {
        self.code = code
        self.message = message
        self.path = path
        self.errno = errno
    }

    package var description: String { "\(code.rawValue): \(message)" }

    package static func == (left: Self, right: Self) -> Bool { left.code == right.code }
}
