import Foundation
import IMAPCore
import Testing

/// What `dev/fuzz` begins with, and what it found.
@Suite("Inputs that were fuzzed")
struct FuzzingSeedTests {
    private static let seeds: [URL] = {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let folder = tests.appending(path: "Fuzz/Seeds")
        let files = try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        return (files ?? []).sorted { $0.path < $1.path }
    }()

    @Test("There are seeds")
    func seedsExist() { #expect(Self.seeds.count >= 16) }

    @Test("A seed is decoded in the same way however it arrives", arguments: seeds)
    func replays(seed: URL) throws {
        let input = Array(try Data(contentsOf: seed))
        #expect(DecoderProbe.finding(in: input) == nil)
        for length in UInt8.min...30 { #expect(DecoderProbe.finding(in: [length] + input.dropFirst()) == nil) }
    }

    @Test("Seeds that are cut, changed or joined at random are decoded in the same way however they arrive")
    func mutates() throws {
        var random = Repeatable()
        let inputs = try Self.seeds.map { Array(try Data(contentsOf: $0)) }
        for _ in 0..<1000 {
            var input = inputs.randomElement(using: &random) ?? []
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: 0...input.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: input.insert(UInt8.random(in: 0...255, using: &random), at: place)
                case 1: input = Array(input.prefix(place)) + (inputs.randomElement(using: &random) ?? []).dropFirst()
                case 2 where place < input.count: input.remove(at: place)
                default: input.insert(Array("()[]{}<>\"\\ \r\n~+*0".utf8).randomElement(using: &random) ?? 0, at: place)
                }
            }
            let finding = DecoderProbe.finding(in: input)
            #expect(finding == nil, "\(String(decoding: input, as: UTF8.self).debugDescription)")
        }
    }

    /// The same numbers in every run.
    private struct Repeatable: RandomNumberGenerator {
        private var state: UInt64 = 20_260_105

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ state >> 33
        }
    }
}
