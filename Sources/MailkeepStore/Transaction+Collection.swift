package import Foundation
import GRDB

/// What the vault is to keep, and what it may give back.
extension ReadTransaction {
    /// Whether messages and manifests, or what they are put together of, need a row of `content`.
    ///
    /// Mostly a row or its parent says so; a part may also be a mail that is gone, of which another one is made.
    fileprivate static let isNeeded = """
        (\(isWhole("content.key"))
         OR EXISTS (SELECT 1 FROM content_part WHERE part_key = content.key AND \(isWhole("content_part.content_key")))
         OR EXISTS (\(selectWholes("content.key"))))
        """

    /// Whether a message or a manifest is what a key names.
    private static func isWhole(_ key: String) -> String {
        """
        (EXISTS (SELECT 1 FROM message WHERE message.content_key = \(key))
         OR \(key) IN (SELECT manifest_key FROM backup WHERE manifest_key IS NOT NULL))
        """
    }

    /// Selects the keys of messages and manifests that are what a key names, or are put together of it, through whatever
    /// other contents.
    static func selectWholes(_ key: String) -> String {
        """
        WITH RECURSIVE whole (key) AS (
            SELECT \(key)
            UNION SELECT content_key FROM whole JOIN content_part ON content_part.part_key = whole.key)
        SELECT key FROM whole WHERE \(isWhole("whole.key"))
        """
    }

    /// The needed contents that lie in a segment of the vault, in the order of their places.
    package func neededContents(inSegment segment: Int64) throws -> [ContentLocation] {
        try rows(
            "SELECT * FROM content WHERE segment = ? AND \(Self.isNeeded) ORDER BY offset",
            [segment]
        ).map { ContentLocation($0["key"], in: $0) }
    }

    /// Whether every row finds what it names.
    package func contentsAddUp() throws -> Bool {
        guard try unplacedContents().isEmpty else { return false }
        return try row("SELECT 1 FROM content_part WHERE part_key NOT IN (SELECT key FROM content) LIMIT 1") == nil
    }
}

extension WriteTransaction {
    /// Names no more what nothing needs.
    package func dropUnneededContents() throws {
        try run(
            """
            DELETE FROM content_part WHERE content_key IN (SELECT key FROM content WHERE NOT \(Self.isNeeded))
            """
        )
        try run("DELETE FROM content WHERE NOT \(Self.isNeeded)")
    }

    /// Notes that content lies elsewhere, unless it was moved meanwhile.
    package func moveContent(_ key: Data, from segment: Int64, to place: ContentLocation) throws {
        try run(
            "UPDATE content SET segment = ?, offset = ?, length = ? WHERE key = ? AND segment = ?",
            [place.segment, place.offset, place.length, key, segment]
        )
    }
}
