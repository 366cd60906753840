import Crypto

/// What the numbers of the first mails of a folder are valid under, for each number of them.
///
/// It changes where any of these mails does, or their order; those behind them make no difference.
struct UIDValidities {
    private var hash = SHA256()
    /// By count, from none on.
    private var values: [UInt32] = [Self.value(of: SHA256())]

    /// Adds the next mail, by what it is known by.
    mutating func append(_ identity: [UInt8]) {
        hash.update(data: identity)
        values.append(Self.value(of: hash))
    }

    /// - Parameter count: of no more mails than were added.
    subscript(count: Int) -> UInt32 { values[count] }

    /// One that a text stands for.
    static func value(of text: String) -> UInt32 {
        var hash = SHA256()
        hash.update(data: Array(text.utf8))
        return value(of: hash)
    }

    /// Never 0 (RFC 9051, 2.3.1.1).
    private static func value(of hash: SHA256) -> UInt32 {
        max(1, hash.finalize().prefix(4).reduce(0) { $0 << 8 | UInt32($1) })
    }
}
