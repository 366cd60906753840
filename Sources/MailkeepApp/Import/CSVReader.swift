/// Reads comma-separated values (RFC 4180) row by row, with the line on which each row begins.
///
/// The libraries at hand tell no line numbers and take broken quoting for text, and both matter here: an administrator
/// mends a bad row by its line.
struct CSVReader {
    /// A row that cannot be read.
    struct Failure: Error {
        let line: Int
    }

    private let bytes: [UInt8]
    private var position = 0
    private var line = 1

    /// - Parameter bytes: UTF-8.
    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The next row that is not blank, with the line on which it begins (from 1); nil at the end.
    ///
    /// - Throws: `Failure` where a quotation mark is left open or stands inside a field.
    mutating func next() throws(Failure) -> (line: Int, fields: [String])? {
        while position < bytes.count {
            let start = line
            let fields = try row()
            if fields != [""] { return (start, fields) }
        }
        return nil
    }

    private mutating func row() throws(Failure) -> [String] {
        var fields: [String] = []
        while true {
            fields.append(try field())
            guard position < bytes.count else { return fields }
            let end = bytes[position]
            position += 1
            if end == Self.comma { continue }
            if end == Self.carriageReturn, position < bytes.count, bytes[position] == Self.lineFeed { position += 1 }
            line += 1
            return fields
        }
    }

    private mutating func field() throws(Failure) -> String {
        guard position < bytes.count, bytes[position] == Self.quote else {
            let start = position
            while position < bytes.count, !Self.isEnd(bytes[position]) {
                if bytes[position] == Self.quote { throw Failure(line: line) }
                position += 1
            }
            return String(decoding: bytes[start..<position], as: UTF8.self)
        }
        let start = line
        var content: [UInt8] = []
        position += 1
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            if byte == Self.quote {
                guard position < bytes.count, bytes[position] == Self.quote else {
                    guard position == bytes.count || Self.isEnd(bytes[position]) else { throw Failure(line: line) }
                    return String(decoding: content, as: UTF8.self)
                }
                position += 1
            }
            if byte == Self.lineFeed { line += 1 }
            content.append(byte)
        }
        throw Failure(line: start)
    }

    private static func isEnd(_ byte: UInt8) -> Bool {
        byte == comma || byte == lineFeed || byte == carriageReturn
    }

    private static let comma = UInt8(ascii: ",")
    private static let quote = UInt8(ascii: "\"")
    private static let lineFeed = UInt8(ascii: "\n")
    private static let carriageReturn = UInt8(ascii: "\r")
}
