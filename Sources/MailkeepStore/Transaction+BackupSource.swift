import Foundation
import GRDB
package import MailkeepModel

/// What an administrator attached in place of a leaver's own credentials (L9).
///
/// A sign-in is for the server that was told when it was attached, and for no other.
package struct BackupSource: Sendable, Equatable {
    package var path: String?
    package var upload: StoredUpload?
    package var server: MailServer?
    package var credentials: MailCredentials?
    package var attachedBy: UserID
    package var attachedAt: Timestamp

    package init(
        path: String? = nil,
        upload: StoredUpload? = nil,
        server: MailServer? = nil,
        credentials: MailCredentials? = nil,
        attachedBy: UserID,
        attachedAt: Timestamp
    ) {
        self.path = path
        self.upload = upload
        self.server = server
        self.credentials = credentials
        self.attachedBy = attachedBy
        self.attachedAt = attachedAt
    }
}

/// An uploaded backup source that is complete, and the sealed file of the data directory that holds it.
package struct StoredUpload: Sendable, Equatable {
    /// The file's name in the folder of uploads.
    package let file: String
    /// Bytes of content, with the index.
    package let length: Int64
    /// Bytes of the index at the end; nil where the content is one mbox file.
    package let indexLength: Int64?

    package init(file: String, length: Int64, indexLength: Int64?) {
        self.file = file
        self.length = length
        self.indexLength = indexLength
    }
}

/// That a backup source is attached, without what is secret of it (L9).
package struct AttachedSource: Sendable, Equatable {
    /// Raw values are those of the API.
    package enum Kind: String, Sendable {
        case signIn = "sign_in"
        /// A file or folder of this machine.
        case file
        case upload
    }

    package var kind: Kind
    package var attachedBy: UserID
    package var attachedAt: Timestamp
}

extension ReadTransaction {
    /// The backup source of a user, if one is attached (L9).
    package func backupSource(of user: UserID) throws -> BackupSource? {
        let found = try row(
            """
            SELECT backup_source.*, backup_upload.file, backup_upload.length, backup_upload.index_length
            FROM backup_source LEFT JOIN backup_upload ON backup_upload.user_id = backup_source.user_id
            WHERE backup_source.user_id = ?
            """,
            [user.rawValue]
        )
        guard let row = found else { return nil }
        let sealed: Data? = row["sealed_credentials"]
        let file: String? = row["file"]
        return BackupSource(
            path: row["path"],
            upload: file.map { StoredUpload(file: $0, length: row["length"], indexLength: row["index_length"]) },
            server: Self.server(row),
            credentials: try sealed.map {
                try sealing.open(MailCredentials.self, $0, with: \.credentials, context: "backup_source/\(user)")
            },
            attachedBy: UserID(rawValue: row["attached_by"]),
            attachedAt: Timestamp(rawValue: row["attached_at"])
        )
    }

    /// What is shown of it.
    func attachedSource(of user: UserID) throws -> AttachedSource? {
        try row(
            """
            SELECT path, attached_by, attached_at,
                   EXISTS (SELECT 1 FROM backup_upload WHERE user_id = backup_source.user_id) AS is_upload
            FROM backup_source WHERE user_id = ?
            """,
            [user.rawValue]
        ).map { row in
            let path: String? = row["path"]
            return AttachedSource(
                kind: row["is_upload"] ? .upload : path == nil ? .signIn : .file,
                attachedBy: UserID(rawValue: row["attached_by"]),
                attachedAt: Timestamp(rawValue: row["attached_at"])
            )
        }
    }

    /// The files of all uploads that are attached.
    package func uploadedFiles() throws -> Set<String> {
        Set(try rows("SELECT file FROM backup_upload").map { $0["file"] as String })
    }
}

extension WriteTransaction {
    /// Attaches a backup source, in place of a former one (L9); a backup that rests goes on with it.
    package func attachBackupSource(_ source: BackupSource, to user: UserID) throws {
        let credentials = try source.credentials.map {
            try sealing.seal($0, with: \.credentials, context: "backup_source/\(user)")
        }
        try run(
            """
            INSERT OR REPLACE INTO backup_source (user_id, path, host, port, security, ca_certificates,
                                                  sealed_credentials, attached_by, attached_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                user.rawValue, source.path, source.server?.host, source.server?.port,
                source.server?.security.rawValue, source.server?.certificates, credentials, source.attachedBy.rawValue,
                source.attachedAt.rawValue,
            ]
        )
        if let upload = source.upload {
            try run(
                "INSERT INTO backup_upload (user_id, file, length, index_length) VALUES (?, ?, ?, ?)",
                [user.rawValue, upload.file, upload.length, upload.indexLength]
            )
        }
        try wakeJobs(.backup, of: user)
    }

    /// Takes a backup source away.
    ///
    /// - Returns: whether there was one.
    package func detachBackupSource(of user: UserID) throws -> Bool {
        guard try exists("SELECT 1 FROM backup_source WHERE user_id = ?", [user.rawValue]) else { return false }
        try run("DELETE FROM backup_source WHERE user_id = ?", [user.rawValue])
        return true
    }
}
