import Glibc

/// Splits a mail, as its bytes come, where what is worth keeping once may begin or end: after its header, and before and
/// after each run of base64 lines, which it decodes.
///
/// It looks at lines and not at the structure of parts, so that what is nested, broken or no mail at all is split as well;
/// whatever comes can be put together again to the byte. Pieces above 1 MiB are cut where their content says so, so that
/// what is changed at one place stays the same behind it.
///
/// Unchecked, as the writer that owns it lets in one at a time.
final class ContentSplitter: @unchecked Sendable {
    enum Encoding: Equatable {
        case text
        /// Decoded from lines of that many characters.
        case base64(width: Int)
    }

    struct Piece {
        let encoding: Encoding
        /// Whether it goes on where the piece before it was cut.
        let isContinued: Bool
        /// Valid until the next piece.
        let bytes: UnsafeRawBufferPointer

        /// Whether it is worth an entry of its own.
        var isPart: Bool { isContinued || bytes.count >= ContentSplitter.smallestPart }
    }

    /// Below this, what is saved by keeping equal pieces once is spent on naming them.
    static let smallestPart = 8 << 10
    private static let longestLine = Base64Lines.widths.upperBound + 2

    private let cuts: ContentCuts
    private let buffer: FrameBuffer
    private var encoding = Encoding.text
    private var isContinued = false
    private var isInHeader = true
    /// The beginning of a line whose end has not come.
    private var line: [UInt8] = []
    /// Whether the beginning of a line that is too long for base64 was passed on.
    private var isWithinLine = false

    /// - Parameter buffer: empty, and nobody else's.
    init(buffer: FrameBuffer, cuts: ContentCuts) {
        self.buffer = buffer
        self.cuts = cuts
    }

    func append(_ bytes: UnsafeRawBufferPointer, _ onPiece: (Piece) throws -> Void) rethrows {
        // Text that was looked at and not yet taken.
        var text = 0
        var position = 0
        while position < bytes.count {
            let end = Self.endOfLine(in: bytes, from: position)
            if isWithinLine || !line.isEmpty {
                position = try goOn(with: bytes[position..<(end ?? bytes.count)], isEnd: end != nil, onPiece)
                text = position
                continue
            }
            guard let end else {
                try addText(bytes[text..<position], onPiece)
                if bytes.count - position > Self.longestLine {
                    isWithinLine = true
                    try addText(bytes[position...], onPiece)
                } else {
                    line += bytes[position...]
                }
                return
            }
            let next = UnsafeRawBufferPointer(rebasing: bytes[position..<end])
            if try addBase64(next, after: bytes[text..<position], onPiece) {
                text = end
            } else if isInHeader, next.count <= 2, next.first == 0x0A || next.first == 0x0D {
                try addText(bytes[text..<end], onPiece)
                try endHeader(onPiece)
                text = end
            }
            position = end
        }
        try addText(bytes[text..<position], onPiece)
    }

    func finish(_ onPiece: (Piece) throws -> Void) rethrows {
        if !line.isEmpty {
            try takeLine(onPiece)
        }
        try endPiece(onPiece)
    }

    private static func endOfLine(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard let base = bytes.baseAddress, let found = memchr(base + start, 0x0A, bytes.count - start) else {
            return nil
        }
        return UnsafeRawPointer(found) - base + 1
    }

    /// Goes on with a line whose beginning came before; tells where what it took of the line ends.
    private func goOn(
        with rest: Slice<UnsafeRawBufferPointer>,
        isEnd: Bool,
        _ onPiece: (Piece) throws -> Void
    ) rethrows -> Int {
        if isWithinLine {
            try addText(rest, onPiece)
            isWithinLine = !isEnd
            return rest.endIndex
        }
        let taken = rest.prefix(Self.longestLine + 1 - line.count)
        line += taken
        if taken.endIndex == rest.endIndex, isEnd {
            try takeLine(onPiece)
        } else if line.count > Self.longestLine {
            isWithinLine = true
            try takeLine(onPiece)
        }
        return taken.endIndex
    }

    /// Takes the line that came in pieces.
    private func takeLine(_ onPiece: (Piece) throws -> Void) rethrows {
        let whole = line
        line.removeAll(keepingCapacity: true)
        try whole.withUnsafeBytes { whole in
            if try addBase64(whole, after: whole[..<0], onPiece) { return }
            try addText(whole[...], onPiece)
            if isInHeader, whole.count <= 2, whole.first == 0x0A || whole.first == 0x0D && whole.count == 2 {
                try endHeader(onPiece)
            }
        }
    }

    private func endHeader(_ onPiece: (Piece) throws -> Void) rethrows {
        isInHeader = false
        try endPiece(onPiece)
    }

    /// Takes a line of base64; false, and nothing is taken, where it is none.
    ///
    /// - Parameter text: what came before it.
    private func addBase64(
        _ line: UnsafeRawBufferPointer,
        after text: Slice<UnsafeRawBufferPointer>,
        _ onPiece: (Piece) throws -> Void
    ) rethrows -> Bool {
        var width = line.count - 2
        if case .base64(let current) = encoding {
            guard width <= current else { return try endRun(onPiece) }
            width = current
        } else if !Base64Lines.mayBegin(line.count) {
            return false
        }
        return try withUnsafeTemporaryAllocation(byteCount: Base64Lines.longestDecoded, alignment: 1) { decoded in
            let count = Base64Lines.decode(line, to: decoded)
            if encoding == .text {
                guard let count, count * 4 == width * 3 else { return false }
                try addText(text, onPiece)
                try endPiece(onPiece)
                encoding = .base64(width: width)
            }
            guard let count else { return try endRun(onPiece) }
            try add(UnsafeRawBufferPointer(rebasing: decoded[..<count])[...], onPiece)
            if count * 4 != width * 3 { _ = try endRun(onPiece) }
            return true
        }
    }

    /// Ends a run of base64; always false.
    private func endRun(_ onPiece: (Piece) throws -> Void) rethrows -> Bool {
        try endPiece(onPiece)
        encoding = .text
        return false
    }

    private func addText(_ bytes: Slice<UnsafeRawBufferPointer>, _ onPiece: (Piece) throws -> Void) rethrows {
        guard !bytes.isEmpty else { return }
        if encoding != .text { _ = try endRun(onPiece) }
        try add(bytes, onPiece)
    }

    private func add(_ bytes: Slice<UnsafeRawBufferPointer>, _ onPiece: (Piece) throws -> Void) rethrows {
        var rest = bytes
        while !rest.isEmpty {
            if buffer.bytes.count == SegmentFormat.frameSize { try cut(onPiece) }
            let taken = rest.prefix(SegmentFormat.frameSize - buffer.bytes.count)
            buffer.bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: taken))
            rest = rest.dropFirst(taken.count)
        }
    }

    /// Cuts the full piece, which goes on.
    private func cut(_ onPiece: (Piece) throws -> Void) rethrows {
        let end = cuts.end(of: buffer.bytes)
        try hand(buffer.bytes.prefix(end), onPiece)
        buffer.bytes.removeSubrange(..<end)
        isContinued = true
    }

    private func endPiece(_ onPiece: (Piece) throws -> Void) rethrows {
        if !buffer.bytes.isEmpty { try hand(buffer.bytes[...], onPiece) }
        buffer.bytes.removeAll(keepingCapacity: true)
        isContinued = false
    }

    private func hand(_ bytes: ArraySlice<UInt8>, _ onPiece: (Piece) throws -> Void) rethrows {
        try bytes.withUnsafeBytes { bytes in
            try onPiece(Piece(encoding: encoding, isContinued: isContinued, bytes: bytes))
        }
    }
}
