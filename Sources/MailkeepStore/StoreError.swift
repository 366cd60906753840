import GRDB

/// What went wrong in the database.
package struct StoreError: Error, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// The file cannot be opened or is no database of ours.
        case cannotOpen
        /// A newer Mailkeep wrote it (design decision 1).
        case newerSchema
        /// No space left.
        case diskFull
        /// Reading or writing the file failed.
        case inputOutput
        /// The file is damaged.
        case damaged
        /// A sealed column does not open: wrong key, or altered bytes.
        case sealed
        /// A constraint that the program should have kept.
        case constraint
        /// Anything else.
        case other
    }

    package let code: Code
    package let message: String
    package let cause: (any Error)?

    package init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    package static func == (left: Self, right: Self) -> Bool { left.code == right.code }

    package var description: String { "\(code.rawValue): \(message)" }

    /// Runs `body` and turns the database library's errors into ours; other errors pass.
    static func translating<Result>(_ body: () async throws -> Result) async throws -> Result {
        do { return try await body() } catch let error as DatabaseError { throw StoreError(error) }
    }

    init(_ error: DatabaseError) {
        let code: Code =
            switch error.resultCode {
            case .SQLITE_FULL: .diskFull
            case .SQLITE_IOERR: .inputOutput
            case .SQLITE_CORRUPT, .SQLITE_NOTADB: .damaged
            case .SQLITE_CANTOPEN: .cannotOpen
            case .SQLITE_CONSTRAINT: .constraint
            default: .other
            }
        // The library's own description may quote arguments, which may be personal data: only its message is kept.
        self.init(code, error.message ?? "SQLite error \(error.extendedResultCode.rawValue)")
    }
}
