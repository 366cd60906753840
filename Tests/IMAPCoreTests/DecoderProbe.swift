import IMAPCore
import NIOCore

/// Gives a server's bytes to the decoder in two ways and says what should not be: part of the tests, and of what
/// `dev/fuzz` runs.
enum DecoderProbe {
    /// Small enough that inputs of some hundred bytes get beyond them.
    private static let limits: IMAPLimits = {
        var limits = IMAPLimits()
        limits.lineLength = 4096
        limits.literalLength = 64
        limits.responseLength = 8192
        limits.messageLength = 1 << 16
        limits.sections = 4
        return limits
    }()

    /// What is wrong with how the decoder takes an input, or nil.
    ///
    /// - Parameter input: a byte that says in how long pieces the rest arrives, and the rest.
    static func finding(in input: [UInt8]) -> String? {
        guard let first = input.first else { return nil }
        let bytes = Array(input.dropFirst())
        let whole = Outcome(of: bytes, pieces: max(1, bytes.count))
        let pieces = Outcome(of: bytes, pieces: Int(first % 31) + 1)
        if whole.finding != nil { return whole.finding }
        if pieces.finding != nil { return pieces.finding }
        guard whole.fragments == pieces.fragments, whole.error == pieces.error else {
            return "the outcome depends on how the bytes arrive"
        }
        return whole.fragments.lazy.compactMap(finding).first
    }

    /// What is wrong with how names that a server sends are kept and shown.
    private static func finding(in fragment: IMAPFragment) -> String? {
        switch fragment {
        case .response(.list(let entry)):
            guard IMAPMailboxName(rawValue: entry.name.rawValue) == entry.name else { return "a name is not kept" }
            return entry.name.displayName.isEmpty ? "a mailbox is shown without a name" : nil
        case .response(.search(let set)), .response(.vanished(let set, isEarlier: _)):
            let ranges = set.ranges
            let isAscending = zip(ranges, ranges.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound }
            return isAscending ? nil : "a set is not in order"
        case .response(.fetch(let fetch)) where fetch.sections.count > limits.sections: return "too many sections"
        case .response(.fetch(let fetch)) where fetch.uid == 0: return "a message with the identifier 0"
        default: return nil
        }
    }

    private struct Outcome {
        var fragments: [IMAPFragment] = []
        var error: IMAPDecodingError?
        var finding: String?
        /// What is left of the section that is on its way.
        private var left: Int?

        init(of bytes: [UInt8], pieces: Int) {
            let processor = NIOSingleStepByteToMessageProcessor(IMAPResponseDecoder(limits: limits))
            var start = 0
            do {
                while start < bytes.count {
                    let end = min(bytes.count, start + pieces)
                    try processor.process(buffer: ByteBuffer(bytes: bytes[start..<end])) { take($0) }
                    if processor.unprocessedBytes > limits.lineLength + pieces { finding = "too much is held" }
                    start = end
                }
            } catch let error as IMAPDecodingError {
                self.error = error
            } catch {
                finding = "an error of another kind: \(error)"
            }
            // Where the input ends within a section its last bytes may have come in other pieces.
        }

        private mutating func take(_ fragment: IMAPFragment) {
            switch (fragment, left) {
            case (.sectionBegan(_, let length, _), nil): left = length
            case (.sectionBytes(let bytes), let missing?):
                left = missing - bytes.readableBytes
                if bytes.readableBytes == 0 || bytes.readableBytes > missing {
                    finding = "a section is longer than said"
                }
            case (.sectionEnded, 0?): left = nil
            case (.response, nil): break
            default: finding = "the pieces of a section are out of order"
            }
            if case .sectionBytes(var next) = fragment, case .sectionBytes(var last) = fragments.last {
                last.writeBuffer(&next)
                fragments[fragments.count - 1] = .sectionBytes(last)
            } else {
                fragments.append(fragment)
            }
        }
    }
}
