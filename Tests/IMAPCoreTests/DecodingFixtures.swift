import IMAPCore
import NIOCore

/// What the decoder makes of bytes that arrive in pieces of a length, sections joined again.
func decode(_ bytes: [UInt8], pieces: Int = .max, limits: IMAPLimits = IMAPLimits()) throws -> [IMAPFragment] {
    let processor = NIOSingleStepByteToMessageProcessor(IMAPResponseDecoder(limits: limits))
    var fragments: [IMAPFragment] = []
    func take(_ fragment: IMAPFragment) {
        if case .sectionBytes(var next) = fragment, case .sectionBytes(var last) = fragments.last {
            last.writeBuffer(&next)
            fragments[fragments.count - 1] = .sectionBytes(last)
        } else {
            fragments.append(fragment)
        }
    }
    var start = 0
    while start < bytes.count {
        let end = min(bytes.count, start + min(pieces, bytes.count))
        try processor.process(buffer: ByteBuffer(bytes: bytes[start..<end]), take)
        start = end
    }
    return fragments
}

func decode(_ text: String, pieces: Int = .max, limits: IMAPLimits = IMAPLimits()) throws -> [IMAPFragment] {
    try decode(Array(text.utf8), pieces: pieces, limits: limits)
}

/// The only response in a text.
func response(_ text: String) throws -> IMAPResponse? {
    let fragments = try decode(text)
    guard fragments.count == 1, case .response(let response) = fragments[0] else { return nil }
    return response
}

extension IMAPResponse {
    var fetch: IMAPFetch? {
        if case .fetch(let fetch) = self { fetch } else { nil }
    }
}
