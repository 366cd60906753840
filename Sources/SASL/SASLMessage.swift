/// What a client says within an exchange; it may hold secrets and shows nothing of them.
package struct SASLMessage: Sendable, Equatable {
    package let bytes: [UInt8]

    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    init(_ text: String) {
        bytes = Array(text.utf8)
    }

    /// Says nothing: the answer to what only informs.
    static let empty = SASLMessage([])
}

extension SASLMessage: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "SASLMessage(redacted)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
