import Crypto
package import FoundationEssentials

/// The keys of one data directory.
///
/// A random master key wraps independent keys, one for each use: rotating the master rewraps them and touches nothing
/// that they seal. The keys for addresses and for content are never changed, as hashes under them are what is kept.
package struct KeyRing: Sendable, Redacted {
    let column: SymmetricKey
    let credentials: SymmetricKey
    let link: SymmetricKey
    let manifest: SymmetricKey
    let vault: SymmetricKey
    let addressHash: SymmetricKey
    let contentHash: SymmetricKey
    let signing: Curve25519.Signing.PrivateKey

    /// New random keys, not yet kept anywhere.
    init() {
        column = SymmetricKey(size: .bits256)
        credentials = SymmetricKey(size: .bits256)
        link = SymmetricKey(size: .bits256)
        manifest = SymmetricKey(size: .bits256)
        vault = SymmetricKey(size: .bits256)
        addressHash = SymmetricKey(size: .bits256)
        contentHash = SymmetricKey(size: .bits256)
        signing = Curve25519.Signing.PrivateKey()
    }

    /// What seals for `purpose`.
    package func sealer(for purpose: SealPurpose) -> Sealer {
        switch purpose {
        case .column: Sealer(key: column)
        case .credentials: Sealer(key: credentials)
        case .link: Sealer(key: link)
        case .manifest: Sealer(key: manifest)
        case .vault: Sealer(key: vault)
        }
    }

    /// What names addresses by keyed hashes.
    package var addressHasher: AddressHasher { AddressHasher(key: addressHash) }

    /// What signs manifests and anchors of the audit log.
    package var signer: Signer { Signer(key: signing) }

    /// Names content by a keyed hash of its SHA-256: 32 bytes that do not tell which known file it is.
    package func contentKey(sha256: some DataProtocol) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: sha256, using: contentHash))
    }
}
