/// Lines of base64 as mail programs write them (RFC 2045, 6.8), which are made again from what they decode to.
///
/// All lines have `width` characters and end in CRLF; the last one may be shorter, and may be padded. Nothing else decodes,
/// so that encoding gives the same bytes.
enum Base64Lines {
    /// Characters of a line, without its end.
    static let widths = 60...76
    /// Bytes that a line decodes to at most.
    static let longestDecoded = 57

    /// Whether a run may begin with a line of `length` bytes, its end included.
    static func mayBegin(_ length: Int) -> Bool { widths ~= length - 2 && length % 4 == 2 }

    /// Decodes a line with its end; nil where it is not exactly what encoding makes of what it decodes to.
    ///
    /// - Parameter output: room for `longestDecoded` bytes.
    /// - Returns: how many bytes there are; a number that does not divide by three was padded.
    static func decode(_ line: UnsafeRawBufferPointer, to output: UnsafeMutableRawBufferPointer) -> Int? {
        let length = line.count - 2
        guard length >= 4, length % 4 == 0, length <= widths.upperBound, output.count >= longestDecoded,
            line[length] == 0x0D, line[length + 1] == 0x0A
        else { return nil }
        return values.withUnsafeBufferPointer { values in
            let padding = line[length - 1] != pad ? 0 : line[length - 2] != pad ? 1 : 2
            let whole = padding == 0 ? length : length - 4
            var count = 0
            var seen: UInt8 = 0
            for position in stride(from: 0, to: whole, by: 4) {
                let a = values[Int(line[position])]
                let b = values[Int(line[position + 1])]
                let c = values[Int(line[position + 2])]
                let d = values[Int(line[position + 3])]
                seen |= a | b | c | d
                output[count] = a << 2 | b >> 4
                output[count + 1] = b << 4 | c >> 2
                output[count + 2] = c << 6 | d
                count += 3
            }
            guard seen < 64 else { return nil }
            guard padding > 0 else { return count }
            let a = values[Int(line[whole])]
            let b = values[Int(line[whole + 1])]
            let c = padding == 1 ? values[Int(line[whole + 2])] : 0
            let unused = padding == 1 ? c & 0b11 : b & 0b1111
            guard a | b | c < 64, unused == 0 else { return nil }
            output[count] = a << 2 | b >> 4
            if padding == 1 { output[count + 1] = b << 4 | c >> 2 }
            return count + 3 - padding
        }
    }

    static let pad = UInt8(ascii: "=")
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    /// The two characters of each 12 bits, as they stand in memory.
    static let pairs: [UInt16] = (0..<4096).map { bits in
        UInt16(littleEndian: UInt16(alphabet[bits >> 6]) | UInt16(alphabet[bits & 63]) << 8)
    }
    /// By character; 255 for those that are none.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 255, count: 256)
        for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
        return values
    }()
}

/// Encodes a run of base64 lines again, piece by piece.
struct Base64LineEncoder {
    /// Characters of a line.
    let width: Int
    private var column = 0
    /// Bytes that wait for their group of three.
    private var rest: [UInt8] = []

    init(width: Int) {
        self.width = width
    }

    mutating func append(_ bytes: UnsafeRawBufferPointer, to output: inout [UInt8]) {
        var bytes = bytes[...]
        if !rest.isEmpty {
            let taken = bytes.prefix(3 - rest.count)
            rest += taken
            bytes = bytes.dropFirst(taken.count)
            guard rest.count == 3 else { return }
            let group = rest
            rest.removeAll(keepingCapacity: true)
            group.withUnsafeBytes { encode($0, to: &output) }
        }
        let whole = bytes.count - bytes.count % 3
        encode(UnsafeRawBufferPointer(rebasing: bytes.prefix(whole)), to: &output)
        rest += bytes.dropFirst(whole)
    }

    /// Ends the run with its last line.
    mutating func finish(to output: inout [UInt8]) {
        if !rest.isEmpty {
            let padding = 3 - rest.count
            let group = rest + [UInt8](repeating: 0, count: padding)
            rest.removeAll()
            let isEndOfLine = column + 4 == width
            group.withUnsafeBytes { encode($0, to: &output) }
            let end = output.count - (isEndOfLine ? 2 : 0)
            for position in end - padding..<end { output[position] = Base64Lines.pad }
        }
        if column > 0 {
            output += [0x0D, 0x0A]
            column = 0
        }
    }

    /// Encodes groups of three.
    private mutating func encode(_ bytes: UnsafeRawBufferPointer, to output: inout [UInt8]) {
        let characters = bytes.count / 3 * 4
        output += [UInt8](unsafeUninitializedCapacity: characters + (characters / width + 1) * 2) { buffer, count in
            let target = UnsafeMutableRawBufferPointer(buffer)
            Base64Lines.pairs.withUnsafeBufferPointer { pairs in
                var position = 0
                while position < bytes.count {
                    let end = min(bytes.count, position + (width - column) / 4 * 3)
                    column += (end - position) / 3 * 4
                    while position < end {
                        let group =
                            Int(bytes[position]) << 16 | Int(bytes[position + 1]) << 8 | Int(bytes[position + 2])
                        target.storeBytes(of: pairs[group >> 12], toByteOffset: count, as: UInt16.self)
                        target.storeBytes(of: pairs[group & 0xFFF], toByteOffset: count + 2, as: UInt16.self)
                        count += 4
                        position += 3
                    }
                    guard column == width else { continue }
                    target[count] = 0x0D
                    target[count + 1] = 0x0A
                    count += 2
                    column = 0
                }
            }
        }
    }
}
