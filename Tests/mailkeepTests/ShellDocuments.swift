import Crypto
import Foundation
import TestSupport
import Testing

// The documents of `--json`, as far as the tests read them.

struct Email: Decodable {
    let message_id: String
    let subject: String
    let sha256: String
    let visible_by: String
}

struct Emails: Decodable {
    struct Info: Decodable {
        let count: Int
    }

    let Emails: [Email]
    let info: Info
}

struct Backup: Decodable {
    struct Progress: Decodable {
        let found: Int
        let stored: Int
    }

    struct Failure: Decodable {
        let code: String
        let message: String
    }

    struct Folder: Decodable {
        let name: String
        let on_server: Int?
        let considered: Int
        let associated: Int
        let stored: Int
        let excluded: String?
    }

    let id: String
    let status: String
    let messages: Int
    let added: Int
    let progress: Progress
    let covered_until: String?
    let source: String?
    let error: Failure?
    let folders: [Folder]?
}

struct Backups: Decodable {
    let backups: [Backup]
}

struct Actions: Decodable {
    struct Action: Decodable {
        struct Details: Decodable {
            let id: String
            let rule: String?
            let reason: String?
            let backup: Backup?
        }

        let code: String
        let details: Details
        let message: String
        let status: String
    }

    let mail_addon_users: [Action]?
    let users: [Action]?
    let backups: [Action]?

    var all: [Action] { (mail_addon_users ?? []) + (users ?? []) + (backups ?? []) }
}

struct Appends: Decodable {
    struct Append: Decodable {
        struct Details: Decodable {
            let appended: Int
            let present: Int
            let folders_created: Int
            let refused_count: Int
            let withheld: Int
            let stopped: String?
        }

        let code: String
        let details: Details
        let message: String
        let status: String
    }

    let appends: [Append]
}

struct Manifest: Decodable {
    struct Header: Decodable {
        let covered_until: String
        let source: String
        let folders: [Backup.Folder]
    }

    struct Message: Decodable {
        let sha256: String
        let size: Int
        let folders: [String]
    }

    let header: Header
    let messages: [Message]

    var hashes: [String] { messages.map(\.sha256) }
}

struct AuditLog: Decodable {
    struct Entry: Decodable {
        let action: String
        let outcome: String
        let rule: String?
        let reason: String?
        let origin: String
        let done_by: Person?
    }

    struct Person: Decodable {
        let name: String
    }

    let audit_log: [Entry]
}

/// One error: always these four keys.
struct ErrorDocument: Decodable {
    struct Details: Decodable {
        struct Row: Decodable {
            let line: Int
            let reason: String
            let message: String
        }

        let rule: String?
        let reason: String?
        let rows: [Row]?
    }

    let code: String
    let details: Details
    let message: String
    let status: String
}

extension ShellAnswer {
    /// The error that the command ended with.
    func error(sourceLocation: SourceLocation = #_sourceLocation) throws -> ErrorDocument {
        let keys = try (JSONSerialization.jsonObject(with: output) as? [String: Any])?.keys.sorted()
        #expect(keys == ["code", "details", "message", "status"], sourceLocation: sourceLocation)
        let document = try JSONDecoder().decode(ErrorDocument.self, from: output)
        #expect(document.status == "error", sourceLocation: sourceLocation)
        return document
    }

    /// Checks that the command did what it was asked for.
    @discardableResult
    func expectDone(sourceLocation: SourceLocation = #_sourceLocation) throws -> ShellAnswer {
        try #require(status == 0, "\(text)\(errorText)", sourceLocation: sourceLocation)
        return self
    }
}

/// The SHA-256 of bytes, as manifests write it.
func sha256(_ bytes: [UInt8]) -> String {
    SHA256.hash(data: bytes).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}
