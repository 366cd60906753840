import Glibc

/// Why the vault could not store or read.
package struct VaultError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// No space is left, or the quota is used up; nothing was stored, and the vault can be used on.
        case diskFull
        /// The operating system refused to read or write.
        case ioFailed
        /// An entry's bytes are not what was written.
        case damaged
        /// There is no such entry or segment.
        case missing
        /// Another process owns the vault.
        case locked
        /// Making bytes durable failed once: what was appended last may be lost, and nothing more is stored or read
        /// until the vault is opened anew.
        case poisoned
        /// The vault was sealed under other keys.
        case wrongKey
        /// The vault was written by a newer version.
        case newerFormat
        /// The content is larger than the caller takes.
        case tooLarge
        /// A writer was used after it had finished.
        case finished
    }

    package let code: Code
    /// What happened, in English, for the log and the shell; holds no content.
    package let message: String
    /// The entry concerned.
    package let location: VaultLocation?
    /// The operating system's error number, where there is one.
    package let errno: Int32?

    package init(_ code: Code, _ message: String, location: VaultLocation? = nil, errno: Int32? = nil) {
        self.code = code
        self.message = message
        self.location = location
        self.errno = errno
    }

    /// What a failed call of the operating system means.
    init(errno number: Int32, _ what: String) {
        let code: Code =
            switch number {
            case ENOSPC, EDQUOT: .diskFull
            case ENOENT: .missing
            default: .ioFailed
            }
        self.init(code, "\(what): \(String(cString: strerror(number))).", errno: number)
    }

    package var description: String {
        guard let location else { return "\(code.rawValue): \(message)" }
        return "\(code.rawValue): \(message) (segment \(location.segment), offset \(location.offset))"
    }

    package static func == (left: Self, right: Self) -> Bool { left.code == right.code }
}
