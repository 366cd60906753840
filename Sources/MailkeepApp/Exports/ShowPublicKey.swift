import MailkeepKeys
import MailkeepModel
import MailkeepStore

/// The key by which manifests and exports are proved; for every active user, as it is no secret.
package struct ShowPublicKey: UseCase {
    package init() {}

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> PublicKeyShape {
        try await mailkeep.read(AuditedAction(name: "keys.public_key"), as: caller) { _, _ in
            PublicKeyShape(PublicKey(mailkeep.keys.signer))
        }
    }
}

/// A public key as people and programs are given it.
package struct PublicKeyShape: Encodable, Sendable, Equatable {
    package var algorithm = "Ed25519"
    /// A PEM block (RFC 8410).
    package var pem: String
    /// SHA-256 of its SubjectPublicKeyInfo (DER), in hexadecimal digits.
    package var fingerprint: String

    init(_ key: PublicKey) {
        pem = key.pem
        fingerprint = key.fingerprint
    }
}
