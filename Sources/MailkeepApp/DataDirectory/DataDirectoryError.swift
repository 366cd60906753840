/// Why a data directory cannot be used.
///
/// Two are equal when their codes are.
package struct DataDirectoryError: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable, CaseIterable {
        /// There is nothing at the path, or nothing of Mailkeep's (`mailkeep init` makes one).
        case notADataDirectory
        /// There are files in it that are not Mailkeep's.
        case notEmpty
        /// It belongs to another user of the operating system, named in `detail`.
        case otherOwner
        /// It is on a network file system, named in `detail`, where SQLite's locks cannot be relied on.
        case networkFileSystem
        /// A process holds it, its id in `detail` where it is known.
        case locked
        /// The operating system refuses, in words of its own in `detail`.
        case system
    }

    package let code: Code
    package let path: String
    /// What the code names further.
    package let detail: String?
    /// A sentence or two in English: what is wrong and what to do.
    package let message: String

    init(_ code: Code, path: String, detail: String? = nil) {
        self.code = code
        self.path = path
        self.detail = detail
        let named = detail ?? "another"
        message =
            switch code {
            case .notADataDirectory:
                "\(path) is not a data directory of Mailkeep. Make one with: mailkeep init --data \(path)"
            case .notEmpty:
                "\(path) holds files that are not Mailkeep's. Name a directory that is empty or does not exist."
            case .otherOwner:
                "\(path) belongs to the user \(named). Run the command as that user."
            case .networkFileSystem:
                "\(path) is on a network file system (\(named)), where the data is not safe. Use a local disk."
            case .locked:
                "\(path) is in use by \(detail.map { "process \($0)" } ?? "another process"). Wait for it, or stop it."
            case .system:
                "\(path) cannot be used: \(named)."
            }
    }

    package var description: String { message }
}

extension DataDirectoryError: Equatable {
    package static func == (one: DataDirectoryError, other: DataDirectoryError) -> Bool { one.code == other.code }
}
