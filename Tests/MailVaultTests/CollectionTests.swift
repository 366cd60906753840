import Foundation
import Synchronization
import Testing

@testable import MailVault

@Suite("Giving back the space of what nothing names")
struct CollectionTests {
    private static func mail(_ number: Int) -> [UInt8] {
        Array("Subject: \(number)\r\n\r\nDear customer, the contract \(number * 7919) is attached.\r\n".utf8)
            + base64(noise(number.isMultiple(of: 3) ? 9000 : 200, seed: UInt64(number + 1)))
    }

    /// Collects every segment as the database would have it.
    private func collect(_ vault: SegmentVault, _ fixture: VaultFixture) async throws -> [SegmentGarbage] {
        let found = try vault.segments().compactMap { segment in
            try vault.garbage(in: segment, named: fixture.named(in: segment))
        }
        try vault.leave(found)
        for garbage in found {
            try await vault.rewrite(garbage.segment, named: fixture.named(in: garbage.segment)) { fixture.move($0) }
        }
        return found
    }

    @Test("What is named is read as before, what is not is nowhere, and a second time there is nothing to give back")
    func collection() async throws {
        let fixture = try VaultFixture()
        let mails = (0..<60).map(Self.mail)
        let stored = try fixture.fill(mails, segmentSize: 60_000)
        let vault = try fixture.open(segmentSize: 60_000)
        for segment in try vault.segments() {
            #expect(try vault.garbage(in: segment, named: fixture.named(in: segment)) == nil)
        }
        let gone = stored.enumerated().filter { $0.offset % 4 == 1 }.map(\.element)
        fixture.forget(gone.flatMap { [$0.id] + $0.parts.map(\.id) })
        let before = try fixture.size()
        let found = try await collect(vault, fixture)
        #expect(found.reduce(0) { $0 + $1.entries } == gone.reduce(0) { $0 + 1 + $1.parts.count })
        #expect(try fixture.size() < before * 4 / 5)
        let left = Set(try vault.scanned().map(\.location))
        for (number, content) in stored.enumerated() {
            guard number % 4 != 1 else {
                #expect(throws: VaultError(.missing, "")) { try vault.readAll(content) }
                continue
            }
            // At the place where it was, and is not any more.
            #expect(try vault.readAll(content) == mails[number])
            #expect(try left.contains(#require(try vault.locate(content.id))))
        }
        #expect(
            left.count == stored.count - gone.count
                + stored.filter { !gone.contains($0) }.reduce(0) { $0 + $1.parts.count }
        )
        #expect(try await collect(vault, fixture).isEmpty)
        #expect(try vault.readAll(vault.store(mails[1])) == mails[1], "what was collected can be stored again")
    }

    @Test("A dictionary that was trained on what is gone goes with it, also from other segments")
    func staleDictionary() async throws {
        let fixture = try VaultFixture()
        let mails = (0..<DictionarySamples.wanted * 2).map(Self.mail)
        let stored = try fixture.fill(mails, segmentSize: 2_000_000)
        let vault = try fixture.open(segmentSize: 2_000_000)
        let first = try #require(
            try vault.segments().lazy.compactMap { try vault.dictionary(of: $0, in: vault.readableSegment($0)) }.first
        )
        #expect(first.samples.contains(stored[1].id))
        fixture.forget([stored[1].id])
        let found = try await collect(vault, fixture)
        #expect(found.contains { $0.staleDictionary == first.id } && found.map(\.segment).contains(1))
        for segment in try vault.segments() {
            let dictionary = try vault.dictionary(of: segment, in: vault.readableSegment(segment))
            #expect(dictionary.map { !$0.samples.contains(stored[1].id) } ?? true)
        }
        for (number, content) in stored.enumerated() where number != 1 {
            #expect(try vault.readAll(content) == mails[number])
        }
    }

    @Test("Where what is named is not there or rotten, nothing is removed")
    func doubt() async throws {
        let fixture = try VaultFixture()
        let stored = try fixture.fill([noise(3000), noise(3000, seed: 2), inOneEntry(noise(2_000_000, seed: 3))])
        var bytes = try Data(contentsOf: fixture.segment(1))
        bytes[Int(stored[2].location.offset) + 1_500_000] ^= 1
        try bytes.write(to: fixture.segment(1))
        fixture.forget([stored[0].id])
        do {
            let vault = try fixture.open()
            let named = fixture.named(in: 1)
            let garbage = try #require(try vault.garbage(in: 1, named: named))
            try vault.leave([garbage])
            await #expect(throws: VaultError(.damaged, "")) {
                try await vault.rewrite(1, named: named) { fixture.move($0) }
            }
            #expect(try Data(contentsOf: fixture.segment(1)) == bytes)
            #expect(try vault.readAll(stored[1]) == noise(3000, seed: 2))
        }
        bytes[Int(stored[1].location.offset) + 3] ^= 1
        try bytes.write(to: fixture.segment(1))
        let vault = try fixture.open()
        #expect(throws: VaultError(.damaged, "")) { try vault.garbage(in: 1, named: fixture.named(in: 1)) }
    }
}
