import Foundation

/// The charsets in which sample mail is written.
enum SampleCharset: String, Sendable {
    case utf8 = "UTF-8"
    case iso2022JP = "ISO-2022-JP"
    case shiftJIS = "Shift_JIS"
    case eucJP = "EUC-JP"
    case latin1 = "ISO-8859-1"

    /// The text's bytes; nil where the charset lacks a character.
    ///
    /// The Japanese ones hold what mail programs put there: row 13 (①, ㈱) and half-width kana too.
    func encode(_ text: String) -> [UInt8]? {
        switch self {
        case .utf8: Array(text.utf8)
        case .latin1: text.data(using: .isoLatin1).map(Array.init)
        case .shiftJIS: text.data(using: .shiftJIS).map(Array.init)
        case .eucJP: Self.encodeAsEUC(text)
        case .iso2022JP: Self.encodeAsISO2022(text)
        }
    }

    private enum Unit {
        case ascii(UInt8)
        case kana(UInt8)
        case pair(UInt8, UInt8)
    }

    /// The characters by their places in JIS X 0208; nil where one has none.
    private static func units(_ text: String) -> [Unit]? {
        guard let bytes = text.data(using: .shiftJIS).map(Array.init) else { return nil }
        var units: [Unit] = []
        var rest = bytes[...]
        while let lead = rest.popFirst() {
            switch lead {
            case 0..<0x80: units.append(.ascii(lead))
            case 0xA1...0xDF: units.append(.kana(lead))
            case 0x81...0x9F, 0xE0...0xEA:
                guard let trail = rest.popFirst() else { return nil }
                var row = Int(lead) - (lead <= 0x9F ? 0x71 : 0xB1)
                row = row * 2 + 1
                var cell = Int(trail) - (trail > 0x7F ? 1 : 0)
                if cell >= 0x9E {
                    cell -= 0x7D
                    row += 1
                } else {
                    cell -= 0x1F
                }
                units.append(.pair(UInt8(clamping: row), UInt8(clamping: cell)))
            default: return nil
            }
        }
        return units
    }

    private static func encodeAsEUC(_ text: String) -> [UInt8]? {
        units(text)?.flatMap { unit -> [UInt8] in
            switch unit {
            case .ascii(let byte): [byte]
            case .kana(let byte): [0x8E, byte]
            case .pair(let row, let cell): [row | 0x80, cell | 0x80]
            }
        }
    }

    private static func encodeAsISO2022(_ text: String) -> [UInt8]? {
        guard let units = units(text) else { return nil }
        let ascii = Array("\u{1B}(B".utf8)
        var mode = ascii
        var bytes: [UInt8] = []
        func enter(_ sequence: [UInt8]) {
            if mode != sequence { bytes += sequence }
            mode = sequence
        }
        for unit in units {
            switch unit {
            case .ascii(let byte):
                enter(ascii)
                bytes.append(byte)
            case .kana(let byte):
                enter(Array("\u{1B}(I".utf8))
                bytes.append(byte & 0x7F)
            case .pair(let row, let cell):
                enter(Array("\u{1B}$B".utf8))
                bytes += [row, cell]
            }
        }
        enter(ascii)
        return bytes
    }
}

/// How a body travels.
enum SampleTransfer: String, Sendable {
    case sevenBit = "7bit"
    case eightBit = "8bit"
    case quotedPrintable = "quoted-printable"
    case base64 = "base64"

    func encode(_ bytes: [UInt8]) -> [UInt8] {
        switch self {
        case .sevenBit, .eightBit: bytes
        case .quotedPrintable: Self.quote(bytes)
        case .base64:
            Array(
                Data(bytes).base64EncodedData(options: [
                    .lineLength76Characters, .endLineWithCarriageReturn,
                    .endLineWithLineFeed,
                ])
            ) + Array("\r\n".utf8)
        }
    }

    private static func quote(_ bytes: [UInt8]) -> [UInt8] {
        var lines: [UInt8] = []
        var column = 0
        for (index, byte) in bytes.enumerated() {
            if byte == 0x0D || byte == 0x0A {
                lines.append(byte)
                column = 0
                continue
            }
            let isLast = index + 1 == bytes.count || bytes[index + 1] == 0x0D
            let isPlain = (0x21...0x7E).contains(byte) && byte != 0x3D || byte == 0x20 && !isLast
            let piece = isPlain ? [byte] : SampleHeader.escaped(byte, mark: 0x3D)
            if column + piece.count > 75 {
                lines += Array("=\r\n".utf8)
                column = 0
            }
            lines += piece
            column += piece.count
        }
        return lines
    }
}

/// Writes header values.
enum SampleHeader {
    /// An address list, folded; names that are not plain are quoted or encoded.
    static func list(_ addresses: [SampleAddress], charset: SampleCharset) -> String {
        addresses.map { mailbox($0, charset: charset) }.joined(separator: ",\r\n ")
    }

    static func mailbox(_ address: SampleAddress, charset: SampleCharset) -> String {
        guard let name = address.name else { return address.address }
        let isASCII = name.utf8.allSatisfy { $0 < 0x80 }
        let isAtoms = name.utf8.allSatisfy { $0 == 0x20 || UInt8(ascii: "A")...UInt8(ascii: "z") ~= $0 }
        let phrase = !isASCII ? words(name, charset: charset) : isAtoms ? name : "\"\(name)\""
        return "\(phrase) <\(address.address)>"
    }

    /// Encoded words (RFC 2047) of at most 75 characters, folded; text that is ASCII stays.
    static func words(_ text: String, charset: SampleCharset) -> String {
        guard !text.utf8.allSatisfy({ $0 < 0x80 }) else { return text }
        let charset = charset.encode(text) == nil ? .utf8 : charset
        var pieces: [String] = []
        var piece = ""
        for character in text {
            let next = piece + String(character)
            if !piece.isEmpty, word(next, charset).utf8.count > 75 {
                pieces.append(piece)
                piece = String(character)
            } else {
                piece = next
            }
        }
        return (pieces + [piece]).map { word($0, charset) }.joined(separator: "\r\n ")
    }

    private static func word(_ text: String, _ charset: SampleCharset) -> String {
        let bytes = charset.encode(text) ?? []
        guard charset == .latin1 else { return "=?\(charset.rawValue)?B?\(Data(bytes).base64EncodedString())?=" }
        let quoted = bytes.flatMap { byte -> [UInt8] in
            switch byte {
            case 0x20: [0x5F]
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: [byte]
            default: escaped(byte, mark: 0x3D)
            }
        }
        return "=?\(charset.rawValue)?Q?\(String(decoding: quoted, as: UTF8.self))?="
    }

    /// A parameter in the form of RFC 2231, in pieces where it is long.
    static func extendedParameter(_ name: String, _ value: String) -> String {
        let plain = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_".utf8)
        let escaped = value.utf8.map { byte in
            plain.contains(byte) ? [byte] : Self.escaped(byte, mark: 0x25)
        }
        guard escaped.count > 24 else {
            return "\(name)*=UTF-8''" + String(decoding: escaped.joined(), as: UTF8.self)
        }
        return stride(from: 0, to: escaped.count, by: 18).enumerated().map { index, start in
            let part = String(decoding: escaped[start..<min(start + 18, escaped.count)].joined(), as: UTF8.self)
            return "\(name)*\(index)*=" + (index == 0 ? "UTF-8''" : "") + part
        }.joined(separator: ";\r\n ")
    }

    /// The mark and two hexadecimal digits.
    static func escaped(_ byte: UInt8, mark: UInt8) -> [UInt8] {
        let digits = Array("0123456789ABCDEF".utf8)
        return [mark, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }

    /// A date as RFC 5322 has it, nine hours east of Greenwich.
    static func date(_ date: Date) -> String {
        let seconds = Int(date.timeIntervalSince1970) + 9 * 3600
        let days = seconds / 86_400
        let names = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        // Days since 0000-03-01 in eras of 400 years.
        let shifted = days + 719_468
        let day = shifted % 146_097
        let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365
        let dayOfYear = day - (365 * year + year / 4 - year / 100)
        let month = (5 * dayOfYear + 2) / 153
        let calendarMonth = month < 10 ? month + 3 : month - 9
        let calendarYear = year + shifted / 146_097 * 400 + (calendarMonth <= 2 ? 1 : 0)
        func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let time = "\(two(seconds / 3600 % 24)):\(two(seconds / 60 % 60)):\(two(seconds % 60))"
        return "\(names[days % 7]), \(two(dayOfYear - (153 * month + 2) / 5 + 1)) \(months[calendarMonth - 1])"
            + " \(calendarYear) \(time) +0900"
    }
}
