package import Foundation
package import MailkeepModel
import MailkeepStore

/// What a backup's manifest says of the backup as a whole.
///
/// Part of the manifest's documented form: names are fixed.
package struct ManifestHeader: Codable, Sendable, Equatable {
    package struct Person: Codable, Sendable, Equatable {
        package var id: String
        package var email: String
        package var full_name: String

        package init(_ user: User) {
            id = user.id.description
            email = user.email
            full_name = user.name
        }
    }

    package var organization: String
    package var backup_id: String
    package var kind: String
    package var user: Person
    package var mailbox: String
    package var requested_by: Person
    package var requested_time: String
    /// Up to which moment the backup is complete; absent where a folder could never be read.
    package var covered_until: String?
    /// Where the mail was read from: `mailbox`, `backup_source`, or `synchronised` (B10).
    package var source: String
    /// The head of the hash-chained audit log when the backup was frozen.
    package var audit_head: String
    package var folders: [FolderCounts]
}

/// One message of a backup, as its manifest names it.
package struct ManifestMessage: Codable, Sendable, Equatable {
    package var sha256: String
    package var size: Int64
    package var folders: [String]
}

/// What a manifest ends with.
package struct ManifestTotals: Codable, Sendable, Equatable {
    package var messages: Int
    package var bytes: Int64
    package var root: String
    /// Of an export: messages of the backup that its administrator may not view.
    package var withheld: Int?
    /// Of an export: messages of the backup that were erased.
    package var erased: Int?
}

/// Writes a manifest, or the list of an export, piece by piece, so that it costs no memory however many messages there
/// are.
///
/// It is one JSON document, laid out so that it can also be read by lines: the header on the first line, one message on
/// each line after it, the totals on the last. `root` is the Merkle tree hash over the messages' SHA-256 in their order
/// (`MerkleTree`). The signature stands beside the document: Ed25519 over the SHA-256 of the document's bytes.
package struct ManifestWriter {
    package static let format = "mailkeep-manifest-1"

    private let write: (Data) throws -> Void
    private let encoder = JSONEncoder.sorted
    private var tree = MerkleTree()
    private var totals = ManifestTotals(messages: 0, bytes: 0, root: "")

    /// Begins a document whose bytes go to `write`.
    package init(
        _ header: some Encodable,
        format: String = Self.format,
        write: @escaping (Data) throws -> Void
    ) throws {
        self.write = write
        try write(Data(#"{"format":"\#(format)","header":"#.utf8))
        try write(encoder.encode(header))
        try write(Data(#","messages":["#.utf8))
    }

    /// Names one message.
    package mutating func append(sha256: Data, size: Int64, folders: [String]) throws {
        try append(ManifestMessage(sha256: sha256.hex, size: size, folders: folders), sha256: sha256, size: size)
    }

    /// Names one message by a line of another shape.
    package mutating func append(_ line: some Encodable, sha256: Data, size: Int64) throws {
        try write(Data((totals.messages == 0 ? "\n" : ",\n").utf8) + encoder.encode(line))
        tree.append(sha256)
        totals.messages += 1
        totals.bytes = totals.bytes.addingReportingOverflow(size).partialValue
    }

    /// Ends the document.
    ///
    /// - Parameter missing: of an export: what is not in it.
    package mutating func finish(
        missing: (withheld: Int, erased: Int)? = nil
    ) throws -> (totals: ManifestTotals, root: Data) {
        totals.root = tree.root.hex
        (totals.withheld, totals.erased) = (missing?.withheld, missing?.erased)
        try write(Data("\n],\"totals\":".utf8) + encoder.encode(totals) + Data("}\n".utf8))
        return (totals, tree.root)
    }
}

extension Data {
    /// Lower-case hexadecimal digits.
    package var hex: String {
        String(unsafeUninitializedCapacity: count * 2) { digits in
            let alphabet: StaticString = "0123456789abcdef"
            for (index, byte) in enumerated() {
                digits[index * 2] = alphabet.utf8Start[Int(byte >> 4)]
                digits[index * 2 + 1] = alphabet.utf8Start[Int(byte & 15)]
            }
            return count * 2
        }
    }

    /// Reads hexadecimal digits; nil where there are others.
    package init?(hex: String) {
        let digits = Array(hex.utf8)
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 2)
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = Character(UnicodeScalar(digits[index])).hexDigitValue,
                let low = Character(UnicodeScalar(digits[index + 1])).hexDigitValue
            else { return nil }
            bytes.append(UInt8(high << 4 | low))
        }
        self.init(bytes)
    }
}

extension Timestamp {
    /// ISO 8601 with offset, in UTC, to the millisecond.
    package var iso8601WithMilliseconds: String {
        let (seconds, rest) = (rawValue / 1000, rawValue % 1000)
        let whole = rest < 0 ? Timestamp(rawValue: (seconds - 1) * 1000) : Timestamp(rawValue: seconds * 1000)
        let digits = String(rest < 0 ? rest + 1000 : rest)
        return whole.iso8601.dropLast() + "." + String(repeating: "0", count: 3 - digits.count) + digits + "Z"
    }

    /// ISO 8601 with offset, in UTC, to the second.
    package var iso8601: String {
        let date = Date(timeIntervalSince1970: Double(rawValue) / 1000)
        return date.formatted(Date.ISO8601FormatStyle(timeZoneSeparator: .colon))
    }
}
