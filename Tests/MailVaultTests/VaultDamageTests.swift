import Foundation
import MailVault
import MailkeepKeys
import Testing

@Suite("Crashes and rotten bytes")
struct VaultDamageTests {
    private static let contents = [
        noise(700, seed: 1), text(5000), noise(1, seed: 2), inOneEntry(text(1_200_000)), noise(300, seed: 3),
    ]

    /// Every byte of small entries, and the places around frames of large ones.
    private func cuts(of location: VaultLocation) -> [Int64] {
        let all = 0..<location.length
        return all.count < 1000 ? Array(all) : all.filter { $0 < 200 || $0 > location.length - 200 || $0 % 997 == 0 }
    }

    @Test("A segment that was cut anywhere in its last entry loses that entry and no other", arguments: [1, 2, 4, 5])
    func tornTail(count: Int) throws {
        let fixture = try VaultFixture()
        let stored = try fixture.fill(Array(Self.contents.prefix(count)))
        let last = try #require(stored.last)
        let whole = try Data(contentsOf: fixture.segment(1))
        #expect(whole.count == Int(last.location.offset + last.location.length))
        // Whatever is said to be durable, true or not.
        let durable =
            [nil] + stored.map(\.location)
            + [(1, -1, 90), (1, .max, .max), (2, 53, 90), (1, last.location.offset + 1, last.location.length)].map {
                VaultLocation(segment: $0, offset: $1, length: $2)
            }
        for (number, cut) in cuts(of: last.location).enumerated() {
            let size = Int(last.location.offset + cut)
            try whole.prefix(size).write(to: fixture.segment(1))
            let vault = try fixture.open(durable: durable[number % durable.count])
            #expect(try vault.scanned().map(\.location) == stored.dropLast().map(\.location))
            for (stored, content) in zip(stored.dropLast(), Self.contents) {
                #expect(try vault.readAll(stored) == content)
            }
            #expect(throws: VaultError(.missing, "")) { try vault.readAll(last) }
            // What is stored next takes its place.
            let again = try vault.store(noise(10, seed: 77))
            #expect(again.location.offset == last.location.offset)
            #expect(try vault.readAll(again) == noise(10, seed: 77))
        }
    }

    @Test("A last entry whose bytes were never written, though its length was, is cut off")
    func unwrittenTail() throws {
        let fixture = try VaultFixture()
        let stored = try fixture.fill([text(5000), noise(3000)])
        let whole = try Data(contentsOf: fixture.segment(1))
        let last = stored[1].location
        for kept in [0, 40, 79, 80, 90, 200, 3000] {
            let size = Int(last.offset) + kept
            try (whole.prefix(size) + Data(count: whole.count - size)).write(to: fixture.segment(1))
            let vault = try fixture.open(durable: kept % 80 == 0 ? last : nil)
            #expect(try vault.scanned().map(\.location) == [stored[0].location])
            #expect(try vault.store(noise(3000)).location == last)
        }
    }

    @Test("A segment whose header was not finished is begun anew", arguments: 0..<53)
    func tornHeader(size: Int) throws {
        let fixture = try VaultFixture()
        fixture.forget(try fixture.fill([text(100)]).map(\.id))
        try Data(contentsOf: fixture.segment(1)).prefix(size).write(to: fixture.segment(1))
        let vault = try fixture.open()
        let stored = try vault.store(text(100))
        #expect(stored.location.segment == 1)
        #expect(try vault.readAll(stored) == text(100))
        #expect(try vault.scanned().count == 1)
    }

    @Test("Every flipped bit is found, names what it hit, and hides nothing else")
    func flippedBits() throws {
        let fixture = try VaultFixture()
        let stored = try fixture.fill(Self.contents)
        let whole = try Data(contentsOf: fixture.segment(1))
        #expect(try !fixture.open().scanned().contains { $0.isDamaged })

        // All of the headers and small entries, and a thinned-out rest.
        let places = whole.indices.filter { index in
            index < 53 || stored.contains { (0..<200).contains(Int64(index) - $0.location.offset) } || index % 499 == 0
        }
        for (turn, index) in places.enumerated() {
            var damaged = whole
            damaged[index] ^= 1 << UInt8(turn % 8)
            try damaged.write(to: fixture.segment(1))
            let vault = try fixture.open()
            let size = try fixture.segment(1).resourceValues(forKeys: [.fileSizeKey]).fileSize
            #expect(size == whole.count, "Damage is not cut off.")

            let found = try vault.scanned().filter(\.isDamaged)
            #expect(found.count == 1)
            let hit = stored.first {
                ($0.location.offset..<$0.location.offset + $0.location.length).contains(Int64(index))
            }
            #expect(found.first?.location == hit?.location ?? VaultLocation(segment: 1, offset: 0, length: 53))
            for (stored, content) in zip(stored, Self.contents) where turn % 16 == 0 || stored == hit {
                if stored == hit {
                    #expect(throws: VaultError(.damaged, "")) {
                        try vault.read(stored.id, at: stored.location) { _ in }
                    }
                } else {
                    let isIntact = try vault.readAll(stored) == content
                    #expect(isIntact)
                }
            }
        }
        #expect(places.count >= 500)
    }

    @Test("After damage in the middle the vault appends behind what is whole")
    func damageInTheMiddle() throws {
        let fixture = try VaultFixture()
        let stored = try fixture.fill(Self.contents)
        var bytes = try Data(contentsOf: fixture.segment(1))
        let start = Int(stored[0].location.offset)
        bytes.replaceSubrange(start..<start + 200, with: Data(count: 200))
        try bytes.write(to: fixture.segment(1))
        let vault = try fixture.open()
        let next = try vault.store(noise(55, seed: 9))
        #expect(next.location.offset == Int64(bytes.count))
        #expect(try vault.readAll(stored[4]) == Self.contents[4])
        let scanned = try vault.scanned()
        #expect(scanned.first?.isDamaged == true && scanned.last?.location == next.location)
        #expect(scanned.count { $0.isDamaged } == 1)
    }

    @Test("Nothing is appended to a segment whose header is damaged, and its entries are read", arguments: 0..<53)
    func damagedHeader(index: Int) throws {
        let fixture = try VaultFixture()
        let stored = try fixture.fill([text(5000)])[0]
        var bytes = try Data(contentsOf: fixture.segment(1))
        bytes[index] ^= 0x10
        try bytes.write(to: fixture.segment(1))
        let vault = try fixture.open()
        #expect(try vault.readAll(stored) == text(5000))
        #expect(try vault.store(noise(10)).location.segment == 2)
        #expect(try vault.scanned().map(\.isDamaged) == [true, false, false])
    }

    @Test("A segment that lost bytes is damaged when it is not the last, and is not cut")
    func shortEarlierSegment() throws {
        let fixture = try VaultFixture()
        let stored = try fixture.fill(
            [noise(3000, seed: 1), noise(3000, seed: 2), noise(3000, seed: 3)],
            segmentSize: 7000
        )
        #expect(stored.map(\.location.segment) == [1, 1, 2])
        let bytes = try Data(contentsOf: fixture.segment(1)).dropLast(100)
        try bytes.write(to: fixture.segment(1))
        let vault = try fixture.open()
        #expect(try vault.scanned().map(\.isDamaged) == [false, true, false])
        #expect(try Data(contentsOf: fixture.segment(1)) == bytes)
    }

    @Test("Frames cannot be moved, doubled or left out")
    func framesInOrder() throws {
        let fixture = try VaultFixture()
        // A recipe of three frames of which the first two have the same length.
        let content = inOneEntry(noise((2 << 20) + 100_000))
        let stored = try fixture.fill([content])[0]
        #expect(stored.parts.isEmpty)
        let whole = try Data(contentsOf: fixture.segment(1))
        let frame = (1 << 20) + 41
        let first = Int(stored.location.offset) + 80
        let frames = [whole[first..<first + frame], whole[first + frame..<first + 2 * frame]]
        for order in [[1, 0], [0, 0], [1, 1]] {
            let bytes = whole.prefix(first) + frames[order[0]] + frames[order[1]] + whole[(first + 2 * frame)...]
            try bytes.write(to: fixture.segment(1))
            let vault = try fixture.open()
            #expect(throws: VaultError(.damaged, "")) { try vault.readAll(stored) }
        }
    }
}
