/// Uuencoded files (POSIX.1 uuencode), as attachments were sent before MIME.
enum UUEncoding {
    /// One file inside a text.
    struct File {
        /// The name on its `begin` line.
        let name: ArraySlice<UInt8>
        /// All of it, from the `begin` line to behind the `end` line.
        let range: Range<Int>
    }

    /// The content of one file: of the lines between `begin` and `end`, or of all when there is no `begin`.
    static func decode(_ bytes: ArraySlice<UInt8>) -> (bytes: [UInt8], isMalformed: Bool) {
        var result: [UInt8] = []
        var isMalformed = false
        var hasBegun = false
        for line in bytes.split(separator: ASCII.lineFeed, omittingEmptySubsequences: true) {
            let line = line.last == ASCII.carriageReturn ? line.dropLast() : line
            if !hasBegun, isBegin(line) {
                hasBegun = true
                result.removeAll()
                isMalformed = false
                continue
            }
            if line.elementsEqual("end".utf8) { break }
            guard let first = line.first, (0x20...0x60).contains(first) else {
                isMalformed = true
                continue
            }
            let count = Int((first &- 0x20) & 0x3F)
            if count == 0 { continue }
            isMalformed = decodeLine(line.dropFirst(), count: count, into: &result) || isMalformed
        }
        return (result, isMalformed)
    }

    /// The files in a text; nothing that only looks like a beginning.
    static func files(in bytes: ArraySlice<UInt8>) -> [File] {
        var files: [File] = []
        var begin: (name: ArraySlice<UInt8>, start: Int)?
        var start = bytes.startIndex
        while start < bytes.endIndex {
            let feed = bytes[start...].firstIndex(of: ASCII.lineFeed)
            let next = feed.map { $0 + 1 } ?? bytes.endIndex
            var line = bytes[start..<(feed ?? bytes.endIndex)]
            if line.last == ASCII.carriageReturn { line = line.dropLast() }
            if let open = begin {
                if line.elementsEqual("end".utf8) {
                    files.append(File(name: open.name, range: open.start..<next))
                    begin = nil
                } else if !isData(line) {
                    begin = nil
                }
            }
            if begin == nil, isBegin(line) {
                begin = (line.dropFirst(6).drop { $0 != ASCII.space }.dropFirst(), start)
            }
            start = next
        }
        return files
    }

    /// `begin`, an octal mode and a name.
    private static func isBegin(_ line: ArraySlice<UInt8>) -> Bool {
        guard line.starts(with: "begin ".utf8) else { return false }
        let mode = line.dropFirst(6).prefix { $0 != ASCII.space }
        return (3...5).contains(mode.count) && mode.allSatisfy { (0x30...0x37).contains($0) }
            && line.count > 6 + mode.count + 1
    }

    private static func isData(_ line: ArraySlice<UInt8>) -> Bool {
        guard let first = line.first else { return false }
        let count = Int((first &- 0x20) & 0x3F)
        guard (0x20...0x60).contains(first), line.allSatisfy({ (0x20...0x60).contains($0) }) else { return false }
        // Blanks at a line's end get lost, and some encoders add a check character.
        return line.count <= 1 + (count + 2) / 3 * 4 + 1
    }

    private static func decodeLine(_ line: ArraySlice<UInt8>, count: Int, into result: inout [UInt8]) -> Bool {
        var remaining = count
        var rest = line
        while remaining > 0 {
            let group = rest.prefix(4).map { UInt32(($0 &- 0x20) & 0x3F) } + [0, 0, 0, 0]
            rest = rest.dropFirst(4)
            let bits = group[0] << 18 | group[1] << 12 | group[2] << 6 | group[3]
            for shift in [16, 8, 0] as [UInt32] where remaining > 0 {
                result.append(UInt8(truncatingIfNeeded: bits >> shift))
                remaining -= 1
            }
        }
        return line.count * 3 < count * 4 - 3
    }
}
