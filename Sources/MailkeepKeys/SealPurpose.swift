/// What a key seals; every purpose has a key of its own.
package enum SealPurpose: String, Sendable, CaseIterable {
    /// Columns of the databases: subjects, addresses, snippets, names of attachments.
    case column
    /// Credentials of mail servers.
    case credentials
    /// Links and cookies that prove by themselves where they come from.
    case link
    /// Manifests of backups.
    case manifest
    /// The bytes of mail.
    case vault
}
