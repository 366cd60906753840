import CGMime

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
        var source: [UInt8] = []
        source.reserveCapacity(bytes.count + 4)
        var isMalformed = false
        var hasBegun = false
        for line in bytes.split(separator: ASCII.lineFeed, omittingEmptySubsequences: true) {
            let line = line.last == ASCII.carriageReturn ? line.dropLast() : line
            if !hasBegun, isBegin(line) {
                hasBegun = true
                source.removeAll(keepingCapacity: true)
                isMalformed = false
                continue
            }
            if line.elementsEqual("end".utf8) { break }
            guard let first = line.first, (0x20...0x60).contains(first) else {
                isMalformed = true
                continue
            }
            let length = Int((first &- 0x20) & 0x3F)
            if length == 0 { continue }
            // GMime wants whole lines that end in LF; blanks at their ends get lost in transport.
            let needed = 1 + (length + 2) / 3 * 4
            if line.count + 3 < needed { isMalformed = true }
            source += line.prefix(needed)
            source += repeatElement(ASCII.space, count: max(0, needed - line.count))
            source.append(ASCII.lineFeed)
        }
        let result = [UInt8](unsafeUninitializedCapacity: source.count + 4) { buffer, count in
            guard let start = buffer.baseAddress else { return }
            var state: Int32 = 0
            var saved: UInt32 = 0
            count = g_mime_encoding_uudecode_step(source, source.count, start, &state, &saved)
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
}
