import Crypto
import Foundation
import Glibc
import MailVault
import MailkeepKeys
import Testing

@Suite("Storing and reading")
struct SegmentVaultTests {
    private static let mebibyte = 1 << 20

    @Test(
        "Content comes back as it was, also after reopening",
        arguments: [0, 1, 1000, mebibyte - 1, mebibyte, mebibyte + 1, 2 * mebibyte, 3 * mebibyte + 17, 30 * mebibyte],
        [true, false]
    )
    func roundTrip(size: Int, isCompressible: Bool) throws {
        let fixture = try VaultFixture()
        let content = inOneEntry(isCompressible ? text(size) : noise(size))
        let stored = try fixture.fill([content])[0]
        #expect(stored.size == Int64(size))
        #expect(stored.sha256 == Array(SHA256.hash(data: content)))
        #expect(stored.isNew)
        // Steps of recipes take a few bytes each.
        let overhead = Int64(80 + (size / Self.mebibyte + 1) * 41 + (size / 4000 + 1) * 8)
        #expect(stored.location.length <= Int64(size) + overhead)
        if isCompressible, size > 1000 { #expect(stored.location.length < Int64(size) / 10 + overhead) }

        let vault = try fixture.open()
        let isIntact = try vault.readAll(stored) == content
        #expect(isIntact)
        let found = ScannedEntry.Finding.whole(stored.id, sha256: stored.sha256, size: stored.size)
        #expect(try vault.scanned() == [ScannedEntry(location: stored.location, finding: found)])
    }

    @Test("It does not matter in which pieces content is written", arguments: [1, 7, 4096, 1_000_003])
    func pieces(size: Int) throws {
        let fixture = try VaultFixture()
        let content = noise(size == 1 ? 5000 : 2_500_000)
        let vault = try fixture.open()
        let writer = try vault.makeWriter()
        var rest = content[...]
        while !rest.isEmpty {
            try writer.write(Array(rest.prefix(size)))
            rest = rest.dropFirst(size)
        }
        let stored = try writer.finish()
        let isIntact = try vault.readAll(stored) == content
        #expect(isIntact)
    }

    @Test("Content is read in pieces of at most 1 MiB")
    func chunks() throws {
        let fixture = try VaultFixture()
        let vault = try fixture.open()
        let stored = try vault.store(text(5_000_000))
        var sizes: [Int] = []
        try vault.read(stored.id, at: stored.location) { sizes.append($0.count) }
        #expect(sizes.max() == Self.mebibyte)
        #expect(sizes.reduce(0, +) == 5_000_000)
    }

    @Test("Content that is known is not appended again")
    func deduplication() throws {
        let fixture = try VaultFixture()
        let vault = try fixture.open()
        let first = try vault.store(text(5000))
        // The index does not name it yet, but the vault knows it.
        let again = try vault.store(text(5000))
        #expect(again == first && again.isNew)
        fixture.name([first])
        let third = try vault.store(text(5000))
        #expect(!third.isNew && third.location == first.location && third.sha256 == first.sha256)
        #expect(try vault.scanned().count == 1)
    }

    @Test("Content that is read with a limit is refused when it is larger")
    func limit() throws {
        let fixture = try VaultFixture()
        let vault = try fixture.open()
        let stored = try vault.store(text(5000))
        #expect(try vault.readAll(stored.id, at: stored.location, limit: 5000).count == 5000)
        #expect(throws: VaultError(.tooLarge, "")) { try vault.readAll(stored.id, at: stored.location, limit: 4999) }
    }

    @Test("Many writers at once lose and mix nothing")
    func concurrency() async throws {
        let fixture = try VaultFixture()
        let vault = try fixture.open(segmentSize: 3 << 20)
        let stored = try await withThrowingTaskGroup(of: [StoredContent].self) { group in
            for task in 0..<8 {
                group.addTask {
                    try (0..<24).map { number in
                        // Every second content is the same in all tasks; some are large.
                        let seed = UInt64(number % 2 == 0 ? number : task * 1000 + number + 1)
                        let size = number % 8 == 3 ? 1_200_000 : 3000 + number
                        let stored = try vault.store(noise(size, seed: seed))
                        if number % 5 == 0 { try vault.sync() }
                        #expect(try vault.readAll(stored) == noise(size, seed: seed))
                        return stored
                    }
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        try vault.sync()
        #expect(Set(stored.map(\.id)).count == 12 + 8 * 12)
        #expect(Set(stored.map(\.location)).count == Set(stored.map(\.id)).count)
        let scanned = try vault.scanned()
        #expect(Set(scanned.map(\.location)).isSuperset(of: stored.map(\.location)))
        #expect(!scanned.contains { $0.isDamaged })
    }

    @Test("A new segment begins when the last is full, and all are read")
    func rollOver() throws {
        let fixture = try VaultFixture()
        let contents =
            (1...20).map { noise(3000, seed: UInt64($0)) }
            + [inOneEntry(noise(50_000, seed: 99)), noise(10, seed: 100)]
        let stored = try fixture.fill(contents, segmentSize: 10_000)
        #expect(Set(stored.map(\.location.segment)) == Set(1...9))
        // Larger than a segment: alone in its own.
        #expect(stored[20].location.segment == 8)
        #expect(stored[21].location.segment == 9)
        let vault = try fixture.open(segmentSize: 10_000)
        #expect(try stored.map { try vault.readAll($0) } == contents)
        #expect(try vault.scanned().map(\.location) == stored.map(\.location))
        let next = try vault.store(noise(20, seed: 200))
        #expect(next.location.segment == 9)
    }

    @Test("Unfinished messages leave nothing but parts that were complete", arguments: [100, 3_000_000])
    func abandon(size: Int) throws {
        let fixture = try VaultFixture()
        let vault = try fixture.open()
        try vault.makeWriter().write(inOneEntry(noise(size)))
        #expect(try vault.scanned().isEmpty)
        try vault.makeWriter().write(noise(size))
        #expect(try vault.scanned().allSatisfy { !$0.isDamaged })
        let incoming = fixture.directory.url.appending(path: "vault/incoming").path
        #expect(try FileManager.default.contentsOfDirectory(atPath: incoming).isEmpty)
    }

    @Test("What an earlier process left in incoming is removed")
    func leftovers() throws {
        let fixture = try VaultFixture()
        _ = try fixture.fill([])
        let left = fixture.directory.url.appending(path: "vault/incoming/17")
        try Data("left".utf8).write(to: left)
        _ = try fixture.open()
        #expect(!FileManager.default.fileExists(atPath: left.path))
    }

    @Test("Entries that are not there are missing, whatever the location says")
    func missing() throws {
        let fixture = try VaultFixture()
        let vault = try fixture.open()
        let stored = try vault.store(text(100))
        let length = stored.location.length
        let places: [(Int64, Int64, Int64)] = [
            (2, 53, length), (0, 53, length), (-1, 53, length), (.max, 53, length), (1, -1, length), (1, 0, length),
            (1, .max, length), (1, .min, .min), (1, 53, 0), (1, 53, -1), (1, 53, .max), (1, .max, .max),
            (1, 53, length + 1), (1, 53 + length, length),
        ]
        for (segment, offset, length) in places {
            let place = VaultLocation(segment: segment, offset: offset, length: length)
            #expect(throws: VaultError(.missing, "")) { try vault.readAll(stored.id, at: place, limit: 1000) }
        }
        let inside = VaultLocation(segment: 1, offset: 54, length: 130)
        let error = #expect(throws: VaultError.self) { try vault.readAll(stored.id, at: inside, limit: 1000) }
        #expect(error?.code == .damaged || error?.code == .missing)
    }

    @Test("One entry is not given for another")
    func otherEntry() throws {
        let fixture = try VaultFixture()
        let stored = try fixture.fill([noise(100, seed: 1), noise(100, seed: 2)])
        let vault = try fixture.open()
        #expect(throws: VaultError(.damaged, "")) {
            try vault.readAll(stored[0].id, at: stored[1].location, limit: 1000)
        }
    }

    @Test("Other keys are refused when the vault is opened")
    func wrongKey() throws {
        let fixture = try VaultFixture()
        _ = try fixture.fill([text(100)])
        let other = try VaultFixture()
        #expect(throws: VaultError(.wrongKey, "")) {
            try SegmentVault(in: fixture.directory.url, keys: other.keys, index: { _ in nil })
        }
    }

    @Test("A vault has one owner at a time")
    func lock() throws {
        let fixture = try VaultFixture()
        let owner = try fixture.open()
        #expect(throws: VaultError(.locked, "")) { try fixture.open() }
        withExtendedLifetime(owner) {}
    }

    @Test("A vault that was let go can be opened again")
    func unlock() throws {
        let fixture = try VaultFixture()
        _ = try fixture.open()
        _ = try fixture.open()
    }

    @Test("Files are for their owner alone")
    func modes() throws {
        let fixture = try VaultFixture()
        _ = try fixture.fill([text(100)])
        for (name, mode) in [("", 0o700), ("incoming", 0o700), ("00000001.seg", 0o600)] as [(String, mode_t)] {
            var status = stat()
            #expect(stat(fixture.directory.url.appending(path: "vault/\(name)").path, &status) == 0)
            #expect(status.st_mode & 0o777 == mode)
        }
    }

    @Test("No text, no hash and no name of content stands in the files")
    func canary() throws {
        let fixture = try VaultFixture()
        let canary = Array("CANARY-5d41402abc4b".utf8)
        let contents = [canary, canary + text(5000), noise(1_500_000) + canary, canary + noise(2_000_000)]
        let vault = try fixture.open()
        let stored = try contents.map { try vault.store($0) }
        let open = try vault.makeWriter()
        try open.write(canary + noise(3_000_000, seed: 5))
        try vault.sync()
        let files = try #require(FileManager.default.enumerator(atPath: fixture.directory.url.path))
        var searched = 0
        for case let name as String in files {
            guard let bytes = try? Data(contentsOf: fixture.directory.url.appending(path: name)) else { continue }
            searched += 1
            #expect(bytes.range(of: Data(canary)) == nil)
            for content in stored { #expect(bytes.range(of: Data(content.sha256)) == nil) }
        }
        #expect(searched >= 3)
    }
}
