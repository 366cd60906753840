import Crypto
import FoundationEssentials

/// The keyring as it is kept: a magic and a version, then the keys sealed under the master.
///
/// Inside the seal every key is a byte that names it, the length of one byte, and its bytes.
extension KeyRing {
    private static let magic = Array("MKKR".utf8)
    private static let version: UInt8 = 1
    private static let context = "mailkeep keyring"

    private enum Slot: UInt8, CaseIterable {
        case column = 1
        case credentials = 2
        case manifest = 3
        case vault = 4
        case addressHash = 5
        case contentHash = 6
        case signing = 7
        case link = 8
    }

    /// The keyring wrapped by `master`.
    func wrapped(by master: SymmetricKey) throws(KeyError) -> [UInt8] {
        var keys: [UInt8] = []
        for slot in Slot.allCases {
            let bytes = bytes(of: slot)
            keys += [slot.rawValue, UInt8(clamping: bytes.count)] + bytes
        }
        return Self.magic + [Self.version] + Array(try Sealer(key: master).seal(keys, context: Self.context))
    }

    /// Unwraps a keyring; `path` is for the words of errors.
    init(wrapped bytes: [UInt8], by master: SymmetricKey, path: String) throws(KeyError) {
        guard bytes.starts(with: Self.magic), bytes.count > Self.magic.count else {
            throw KeyError(
                .damaged,
                "\(path) is not a keyring. Restore it from a snapshot that contains the keys.",
                path: path
            )
        }
        guard bytes[Self.magic.count] == Self.version else {
            throw KeyError(
                .newerFormat,
                "\(path) was written by a newer version of Mailkeep. Use that version.",
                path: path
            )
        }
        let opened: [UInt8]
        do {
            let sealed = bytes.dropFirst(Self.magic.count + 1)
            opened = Array(try Sealer(key: master).open(sealed, context: Self.context))
        } catch {
            throw KeyError(
                .wrongMaster,
                "The master key does not open \(path): one of the two was changed. Restore both from the same snapshot.",
                path: path
            )
        }
        guard let keys = Self.parse(opened), let ring = Self(slots: keys) else {
            throw KeyError(
                .damaged,
                "\(path) lacks keys. Restore it from a snapshot that contains the keys.",
                path: path
            )
        }
        self = ring
    }

    private func bytes(of slot: Slot) -> [UInt8] {
        switch slot {
        case .column: column.bytes
        case .credentials: credentials.bytes
        case .manifest: manifest.bytes
        case .vault: vault.bytes
        case .addressHash: addressHash.bytes
        case .contentHash: contentHash.bytes
        case .signing: Array(signing.rawRepresentation)
        case .link: link.bytes
        }
    }

    private static func parse(_ bytes: [UInt8]) -> [Slot: [UInt8]]? {
        var rest = bytes[...]
        var keys: [Slot: [UInt8]] = [:]
        while let name = rest.popFirst() {
            guard let length = rest.popFirst(), rest.count >= Int(length), let slot = Slot(rawValue: name)
            else { return nil }
            keys[slot] = Array(rest.prefix(Int(length)))
            rest = rest.dropFirst(Int(length))
        }
        return keys
    }

    private init?(slots: [Slot: [UInt8]]) {
        func key(_ slot: Slot) -> SymmetricKey? {
            guard let bytes = slots[slot], bytes.count == 32 else { return nil }
            return SymmetricKey(data: bytes)
        }
        guard let column = key(.column), let credentials = key(.credentials), let manifest = key(.manifest),
            let vault = key(.vault), let link = key(.link), let addressHash = key(.addressHash),
            let contentHash = key(.contentHash),
            let seed = slots[.signing], let signing = try? Curve25519.Signing.PrivateKey(rawRepresentation: seed)
        else { return nil }
        self.column = column
        self.credentials = credentials
        self.link = link
        self.manifest = manifest
        self.vault = vault
        self.addressHash = addressHash
        self.contentHash = contentHash
        self.signing = signing
    }
}

extension SymmetricKey {
    fileprivate var bytes: [UInt8] { withUnsafeBytes { Array($0) } }
}
