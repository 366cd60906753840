import Crypto
import Foundation

/// By what a mail is known again in a mailbox that it was put into, whatever the server made of it.
///
/// Servers write line ends as CRLF, cut off or add those at the end, and put fields of their own into the header. So two
/// mails count as the same where, line ends aside, their bodies are the same bytes, and the one in the mailbox has every
/// field of the other's header, byte for byte, as often as it stands there.
struct MailFingerprint {
    /// What is known of a mail when all of it has come.
    struct Result {
        /// How often each field stands in the header, by a hash of it.
        fileprivate let fields: [Int: Int]
        fileprivate let body: SHA256.Digest

        /// Whether a mail of a mailbox is this one.
        func isFound(in other: Result) -> Bool {
            body == other.body && fields.allSatisfy { (other.fields[$0.key] ?? 0) >= $0.value }
        }
    }

    /// The fields by which mails are looked for that may be the same.
    static let keyFields = ["Message-ID", "Date", "From", "To", "Subject"]

    /// Bytes of a header that are taken field by field; what is behind them counts as body.
    private static let longestHeader = 1 << 20

    private var header: [UInt8] = []
    private var isInHeader = true
    /// How much of the header holds no empty line.
    private var searched = 0
    private var endsInCarriageReturn = false
    /// Line ends that may be the last.
    private var lineEnds = 0
    private var body = SHA256()

    /// Takes the mail's next bytes.
    mutating func update(_ bytes: some Collection<UInt8>) {
        var unified: [UInt8] = []
        unified.reserveCapacity(bytes.count + 1)
        for byte in bytes {
            if endsInCarriageReturn, byte != .lineFeed { unified.append(.carriageReturn) }
            endsInCarriageReturn = byte == .carriageReturn
            if !endsInCarriageReturn { unified.append(byte) }
        }
        take(unified)
    }

    mutating func finish() -> Result {
        if endsInCarriageReturn { take([.carriageReturn]) }
        return Result(
            fields: Self.fields(of: header[...]).reduce(into: [:]) { $0[Self.hash($1), default: 0] += 1 },
            body: body.finalize()
        )
    }

    private mutating func take(_ bytes: [UInt8]) {
        guard isInHeader else { return addToBody(bytes[...]) }
        header += bytes
        if header.first == .lineFeed { return endHeader(at: 0) }
        var place = max(1, searched)
        let end = min(header.count, Self.longestHeader)
        while place < end {
            if header[place] == .lineFeed, header[place - 1] == .lineFeed { return endHeader(at: place) }
            place += 1
        }
        searched = end
        if header.count > Self.longestHeader { endHeader(at: Self.longestHeader) }
    }

    private mutating func endHeader(at place: Int) {
        let rest = header[place...]
        isInHeader = false
        addToBody(rest)
        header.removeSubrange(place...)
    }

    private mutating func addToBody(_ bytes: ArraySlice<UInt8>) {
        guard let last = bytes.lastIndex(where: { $0 != .lineFeed }) else {
            lineEnds += bytes.count
            return
        }
        let pending = Array(repeating: UInt8.lineFeed, count: min(lineEnds, 1 << 16))
        while lineEnds > 0 {
            body.update(data: pending.prefix(lineEnds))
            lineEnds -= min(lineEnds, pending.count)
        }
        body.update(data: bytes[...last])
        lineEnds = bytes.endIndex - last - 1
    }

    /// What a mail is looked for by, made of its header or of the beginning of the mail.
    static func key(of beginning: some Collection<UInt8>) -> Int {
        var unified: [UInt8] = []
        var former: UInt8 = 0
        for byte in beginning {
            if byte == .lineFeed, former == .carriageReturn { unified.removeLast() }
            if byte == .lineFeed, unified.last == .lineFeed { break }
            unified.append(byte)
            former = byte
        }
        let names = keyFields.map { Array($0.lowercased().utf8) }
        var found: [Int] = []
        for field in fields(of: unified[...]) {
            let name = field.prefix { $0 != UInt8(ascii: ":") }.map { byte in
                (0x41...0x5A).contains(byte) ? byte + 0x20 : byte
            }
            if names.contains(Array(name.reversed().drop { $0 == 0x20 || $0 == 0x09 }.reversed())) {
                found.append(hash(field))
            }
        }
        return found.sorted().hashValue
    }

    /// A header cut before each line that continues none.
    private static func fields(of header: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        var fields: [ArraySlice<UInt8>] = []
        var start = header.startIndex
        var place = start
        while place < header.endIndex {
            let next = place + 1
            if header[place] == .lineFeed {
                let continues = next < header.endIndex && (header[next] == 0x20 || header[next] == 0x09)
                if !continues {
                    if place > start { fields.append(header[start..<place]) }
                    start = next
                }
            }
            place = next
        }
        if start < header.endIndex { fields.append(header[start...]) }
        return fields
    }

    private static func hash(_ field: ArraySlice<UInt8>) -> Int {
        var hasher = Hasher()
        field.withUnsafeBytes { hasher.combine(bytes: $0) }
        return hasher.finalize()
    }
}

extension UInt8 {
    fileprivate static let lineFeed = UInt8(ascii: "\n")
    fileprivate static let carriageReturn = UInt8(ascii: "\r")
}
