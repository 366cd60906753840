/// What a server says that it can do (RFC 2449, 6).
package struct POP3Capabilities: Sendable, Equatable {
    /// By name in capitals, with the words behind it.
    private var values: [String: [String]] = [:]
    /// Whether the server told any.
    package private(set) var areKnown = false

    init() {}

    /// Takes the lines of a good answer to `CAPA`.
    init(lines: [String]) {
        areKnown = true
        for line in lines {
            let words = line.split(separator: " ").map { $0.uppercased() }
            guard let name = words.first else { continue }
            values[name] = Array(words.dropFirst())
        }
    }

    /// Whether the server offers something, such as `TOP`.
    package func offers(_ name: String) -> Bool { values[name] != nil }

    /// Whether the server takes a SASL mechanism (RFC 5034, 3).
    package func offers(mechanism: String) -> Bool { values["SASL"]?.contains(mechanism) == true }
}
