import Foundation
import Synchronization
import Testing

@testable import MailVault

@Suite("Dictionaries that compression begins from")
struct DictionaryTests {
    private static func mail(_ number: Int) -> [UInt8] {
        let words = ["contract", "見積書", "delivery", "お世話になっております", "invoice", "regards", "Tokyo", "meeting"]
        let body = (0..<40).map { words[($0 * 7 + number * 13 + number / 8) % 8] }.joined(separator: " ")
        return Array(
            """
            Received: from mx\(number % 5).example.com by mail.example.org with ESMTPS id \(number * 7919)\r
            From: Customer \(number % 90) <customer\(number % 90)@example.com>\r
            Subject: Order \(number)\r
            \r
            \(body) \(number)\r

            """.utf8
        )
    }

    private static let mails = (0..<DictionarySamples.wanted + 200).map(mail)

    @Test("After enough mails a segment begins with one, all later ones do too, and mail is stored smaller")
    func training() throws {
        let fixture = try VaultFixture()
        let stored = try fixture.fill(Self.mails, segmentSize: 400_000)
        let (before, after) = (stored[DictionarySamples.wanted - 2].location, stored[DictionarySamples.wanted].location)
        #expect(after.segment > before.segment && after.length < before.length * 2 / 3)
        // Another process goes on with it.
        let next = try fixture.open(segmentSize: 400_000)
        let more = try (5000..<8000).map { try next.store(Self.mail($0)) }
        let ends = more.map(\.location.segment)
        #expect(Set(ends).count > 1 && ends.first == after.segment)
        #expect(more.allSatisfy { $0.location.length < before.length * 2 / 3 })
        for (stored, mail) in zip(stored, Self.mails) { #expect(try next.readAll(stored) == mail) }
        #expect(try next.scanned().map(\.location) == (stored + more).map(\.location))
    }

    @Test("One that is rotten in one segment is read from another; where it is rotten everywhere mail is told damaged")
    func damage() throws {
        let fixture = try VaultFixture()
        let all = Self.mails + (5000..<8000).map(Self.mail)
        let stored = try fixture.fill(all, segmentSize: 400_000)
        let segments = Set(stored[DictionarySamples.wanted...].map(\.location.segment)).sorted()
        #expect(segments.count > 1)
        for (number, segment) in segments.enumerated() {
            var bytes = try Data(contentsOf: fixture.segment(Int(segment)))
            bytes[SegmentHeader.length + EntryHeader.length + 500] ^= 1
            try bytes.write(to: fixture.segment(Int(segment)))
            let vault = try fixture.open(segmentSize: 400_000)
            let damaged = try vault.scanned().filter(\.isDamaged)
            guard number == segments.count - 1 else {
                #expect(damaged.count == number + 1, "the dictionaries themselves")
                for (stored, mail) in zip(stored, all) { #expect(try vault.readAll(stored) == mail) }
                continue
            }
            let first = try #require(stored.first)
            let last = try #require(stored.last)
            #expect(try vault.readAll(first) == all[0])
            #expect(throws: VaultError(.damaged, "")) { try vault.readAll(last) }
            #expect(damaged.count > DictionarySamples.wanted)
            // What comes next is stored in a new segment, and can be read.
            let next = try vault.store(text(500))
            #expect(next.location.segment == segment + 1)
            #expect(try vault.readAll(next) == text(500))
        }
    }

    @Test("It is due for the first segments, and again each time that the vault has doubled")
    func due() throws {
        let fixture = try VaultFixture()
        let vault = try fixture.open()
        var samples = DictionarySamples()
        for (number, mail) in Self.mails.enumerated() {
            let id = try vault.id(sha256: [UInt8](repeating: UInt8(number % 256), count: 31) + [UInt8(number / 256)])
            mail.withUnsafeBytes { samples.add($0, of: id) }
        }
        #expect(samples.isComplete && samples.ids.count == DictionarySamples.wanted)
        let content = try #require(SegmentDictionary.train(on: samples, in: 2))
        let id = try vault.id(sha256: [UInt8](repeating: 1, count: 32))
        let dictionary = try #require(SegmentDictionary(content, id: id))
        #expect(dictionary.trainedIn == 2 && dictionary.samples == samples.ids)
        #expect(vault.isDue(nil, in: 1))
        #expect((2...9).filter { vault.isDue(dictionary, in: $0) } == [4, 5, 6, 7, 8, 9])
        for cut in [0, 11, 12, 20] { #expect(SegmentDictionary(Array(content.prefix(cut)), id: id) == nil) }
        #expect(SegmentDictionary.train(on: DictionarySamples(), in: 1) == nil)
    }
}
