import Crypto
import MailkeepKeys

/// Says where large pieces are cut: where the bytes before the place hash to a pattern (the gear hash of FastCDC), so that
/// the same bytes are cut at the same places wherever they stand.
///
/// The hash depends on the keys, so that the lengths of parts do not tell which known file they are of.
struct ContentCuts: Sendable {
    private static let smallest = 256 << 10
    /// One place in 512 Ki on average.
    private static let pattern: UInt64 = 0xFFFF_E000_0000_0000

    private let gears: [UInt64]

    init(keys: KeyRing) {
        gears = (0..<256).map { number in
            let name = SHA256.hash(data: Array("mailkeep gear \(number)".utf8))
            return keys.contentKey(sha256: Array(name)).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        }
    }

    /// How many bytes of a full piece of 1 MiB stand before the cut.
    func end(of bytes: [UInt8]) -> Int {
        bytes.withUnsafeBufferPointer { bytes in
            gears.withUnsafeBufferPointer { gears in
                var hash: UInt64 = 0
                var position = max(0, Self.smallest - 64)
                while position < bytes.count {
                    hash = hash << 1 &+ gears[Int(bytes[position])]
                    position += 1
                    if position >= Self.smallest, hash & Self.pattern == 0 { return position }
                }
                return bytes.count
            }
        }
    }
}
