import Foundation
import GRDB
import MailkeepModel
import TestSupport
import Testing

@Suite("Rotten bytes, by shell", .timeLimit(.minutes(60)))
struct RottenBytesTests {
    private static let atOnce = TestScale.number(34, inFull: 10)

    /// What lies in a segment between two places: an entry of its own.
    private struct Entry: Sendable {
        let key: Data
        let segment: Int
        let offset: Int
        let length: Int
    }

    /// A bit of a segment.
    private struct Bit {
        let file: String
        let offset: Int
        let mask: UInt8

        /// Turns it over.
        func flip() throws {
            let handle = try #require(FileHandle(forUpdatingAtPath: file))
            try handle.seek(toOffset: UInt64(offset))
            let byte = try #require(try handle.read(upToCount: 1)?.first)
            try handle.seek(toOffset: UInt64(offset))
            try handle.write(contentsOf: [byte ^ mask])
            try handle.close()
        }
    }

    @Test("Bits that flipped anywhere in the segments are found, each of them, and nothing else is")
    func flipped() async throws {
        let places = TestScale.number(102, inFull: 500)
        // In full so many that a dictionary is trained on them.
        try await Workplace.withLeaver(mails: TestScale.number(200, inFull: 1200)) { work in
            let backup = try await work.backUp()
            let entries = try entries(in: work)
            #expect(work.segments.count == TestScale.number(1, inFull: 2) && entries.count > 200)
            try await expect(work, backup.id, contents: 0, messages: 0, "before")

            var random = SystemRandomNumberGenerator()
            for batch in 0..<places / Self.atOnce {
                let hit = Array(entries.shuffled(using: &random).prefix(Self.atOnce))
                let bits = hit.map { entry in
                    Bit(
                        file: work.segment(entry.segment),
                        offset: entry.offset + .random(in: 0..<entry.length, using: &random),
                        mask: 1 << UInt8.random(in: 0..<8, using: &random)
                    )
                }
                for bit in bits { try bit.flip() }
                let (contents, messages) = try damaged(by: hit, in: work)
                let places = bits.map { "\($0.file.suffix(12)) \($0.offset) \($0.mask)" }
                try await expect(work, backup.id, contents: contents, messages: messages, "\(batch): \(places)")
                for bit in bits { try bit.flip() }
            }
            // A dictionary is needed by all of its segment, and a segment's header tells only that it is one.
            for offset in TestScale.isFull ? [5, 53 + 90, 53 + 4000] : [] {
                let bit = Bit(file: work.segment(2), offset: offset, mask: 4)
                try bit.flip()
                #expect(try await work.run("doctor --thorough \(Workplace.network)").status == 1, "\(offset)")
                let isVerified = try await work.run("backup verify \(backup.id)", as: .ada).status == 0
                #expect(isVerified == (offset < 53), "\(offset)")
                try bit.flip()
            }
            try await expect(work, backup.id, contents: 0, messages: 0, "afterwards")
            TestScale.tell("rotten bytes: \(places) bits flipped in \(entries.count) entries")
        }
    }

    /// Checks that so many contents are said to be damaged, and so many of the backup's messages.
    private func expect(
        _ work: Workplace,
        _ backup: String,
        contents: Int,
        messages: Int,
        _ what: String
    ) async throws {
        let doctor = try await work.run("doctor --thorough \(Workplace.network)")
        #expect(doctor.status == (contents == 0 ? 0 : 1), "\(what): \(doctor.text)")
        let told = doctor.text.firstMatch(of: #/(\d+) are damaged/#).flatMap { Int($0.output.1) }
        #expect((told ?? 0) == contents, "\(what): \(doctor.text)")
        let verified = try await work.run("backup verify \(backup)", as: .ada)
        #expect(verified.status == (messages == 0 ? 0 : 1), "\(what): \(verified.errorText)")
        let missing = verified.errorText.firstMatch(of: #/(\d+) messages are missing or damaged/#)
            .flatMap { Int($0.output.1) }
        #expect((missing ?? 0) == messages, "\(what): \(verified.errorText)")
    }

    /// The entries of mails and of parts of them.
    private func entries(in work: Workplace) throws -> [Entry] {
        try read(work) { database in
            try Row.fetchAll(
                database,
                sql: "SELECT * FROM content WHERE key NOT IN (SELECT manifest_key FROM backup)"
            ).map { Entry(key: $0["key"], segment: $0["segment"], offset: $0["offset"], length: $0["length"]) }
        }
    }

    /// How many contents are not whole where these entries are not, and of them how many are messages.
    private func damaged(by entries: [Entry], in work: Workplace) throws -> (contents: Int, messages: Int) {
        try read(work) { database in
            var contents = Set(entries.map(\.key))
            for entry in entries {
                let wholes = "SELECT content_key FROM content_part WHERE part_key = ?"
                contents.formUnion(try Data.fetchAll(database, sql: wholes, arguments: [entry.key]))
            }
            let messages = try Set(Data.fetchAll(database, sql: "SELECT content_key FROM message"))
            return (contents.count, contents.intersection(messages).count)
        }
    }

    private func read<Result>(_ work: Workplace, _ body: (Database) throws -> Result) throws -> Result {
        var configuration = Configuration()
        configuration.readonly = true
        return try DatabaseQueue(path: work.data + "/mailkeep.sqlite", configuration: configuration).read(body)
    }
}
