/// What a key seals; every purpose has a key of its own.
package enum SealPurpose: String, Sendable, CaseIterable {
    /// Columns of the databases: subjects, addresses, snippets, names of attachments.
    case column
    /// Credentials of mail servers.
    case credentials
    /// Manifests of backups.
    case manifest
    /// The bytes of mail.
    case vault
}
