import Foundation
import MailkeepStore
import MailkeepSync

/// What a snapshot says of itself before all else: its first file, `snapshot.json`.
///
/// Part of the snapshot's documented form: names are fixed.
struct SnapshotHeader: Codable, Sendable, Equatable {
    static let format = "mailkeep-snapshot-1"
    static let path = "snapshot.json"

    var format = Self.format
    var organization: String
    var taken_time: String
    /// The migrations that the database went through.
    var schema: [String]
    /// Whether the folder `keys` goes along.
    var keys_included: Bool
    /// Whether the master key was given from outside: then it is not in the snapshot, whatever else is.
    var master_key_outside: Bool?
    /// The key that the manifest is signed with, in base64: which keys it takes to read the snapshot.
    var public_key: String
}

/// What a snapshot ends with: `manifest.json`, and its signature in `manifest.sig`.
///
/// The signature is Ed25519 over the SHA-256 of the manifest's bytes, in base64.
struct SnapshotManifest: Codable, Sendable, Equatable {
    static let path = "manifest.json"
    static let signaturePath = "manifest.sig"

    struct Part: Codable, Sendable, Equatable {
        var path: String
        var size: Int64
        var sha256: String
    }

    /// Every other file of the snapshot, in its order.
    var parts: [Part]
}

/// The files that a snapshot may hold, by their paths in it.
enum SnapshotPath {
    static let database = "mailkeep.sqlite"
    static let masterKey = "keys/master"
    static let keys = [masterKey, "keys/keyring"]
    static let configurationFolder = "configuration"

    /// Whether a restored file may lie at a path: no other than these, and none that leads elsewhere.
    static func isKnown(_ path: String) -> Bool {
        if [SnapshotHeader.path, database].contains(path) || keys.contains(path) { return true }
        let names = path.split(separator: "/", omittingEmptySubsequences: false)
        guard names.count == 2, let name = names.last, isPlain(name) else { return false }
        return switch names[0] {
        case "vault": name.hasSuffix(".seg")
        case "uploads": true
        case configurationFolder[...]: name.hasSuffix(".json")
        default: false
        }
    }

    /// Letters, digits, `-`, `_` and `.`, the last not at the beginning.
    private static func isPlain(_ name: Substring) -> Bool {
        (1...128).contains(name.utf8.count) && !name.hasPrefix(".")
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                    true
                default: false
                }
            }
    }
}

/// A snapshot that was taken or restored, in the API's form.
package struct SnapshotShape: Encodable, Sendable, Equatable {
    package var organization: String
    package var taken_time: String
    package var schema: String
    package var keys_included: Bool
    package var master_key_outside: Bool
    package var files: Int
    package var bytes: Int64

    init(_ header: SnapshotHeader, _ manifest: SnapshotManifest) {
        organization = header.organization
        taken_time = header.taken_time
        schema = header.schema.last ?? ""
        keys_included = header.keys_included
        master_key_outside = header.master_key_outside ?? false
        files = manifest.parts.count
        bytes = manifest.parts.reduce(0) { $0.addingReportingOverflow($1.size).partialValue }
    }
}
