package import Foundation
import Glibc
package import MailkeepModel

/// Writes raw mails as an mbox file (mboxrd), from which every byte can be had back.
///
/// Of each mail there is a separator, `From address date`; the mail itself, in which every line that begins with any
/// number of `>` and `From ` has one `>` more; and an empty line. The file's own lines end in CRLF, which says that the
/// mails' stand as they are. A mail whose last line has no end is given one, and its separator says so (`NOEOL`).
package struct MboxWriter {
    /// The last word of the separator of a mail whose last line has no end.
    package static let noEnd = "NOEOL"

    /// Where the next byte of a mail stands.
    private enum Place {
        /// At the start of a line, after any number of `>`, and that many letters of `From `, which are held back.
        case lineStart(matched: Int)
        case within
    }

    private static let end = Array("\r\n".utf8)
    private var place = Place.lineStart(matched: 0)
    private var lacksEnd = false

    package init() {}

    /// The separator of a mail.
    ///
    /// - Parameters:
    ///   - sender: an address; what is none, or not plain ASCII, is left out.
    ///   - hasEnd: whether the mail ends in LF.
    package mutating func begin(sender: String?, at moment: Timestamp, hasEnd: Bool) -> [UInt8] {
        place = .lineStart(matched: 0)
        lacksEnd = !hasEnd
        let address = sender.flatMap { sender in
            let isPlain = sender.utf8.allSatisfy { (0x21...0x7E).contains($0) }
            return isPlain && (1...254).contains(sender.utf8.count) ? sender : nil
        }
        let line = "From \(address ?? "MAILER-DAEMON") \(Self.date(moment))"
        return Array((hasEnd ? line : "\(line) \(Self.noEnd)").utf8) + Self.end
    }

    /// The next bytes of a mail as the file has them; at most four are held back.
    package mutating func quote(_ bytes: Data) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count + bytes.count / 64 + 16)
        bytes.withUnsafeBytes { chunk in
            guard let base = chunk.baseAddress else { return }
            var position = 0
            while position < chunk.count {
                if case .lineStart(let matched) = place {
                    if match(chunk[position], matched, &output) { position += 1 }
                    continue
                }
                // Lines that cannot need a `>` go together.
                var end = position
                repeat {
                    let newline = memchr(base + end, 0x0A, chunk.count - end)
                    end = newline.map { UnsafeRawPointer($0) - base + 1 } ?? chunk.count
                    if newline != nil, end == chunk.count || Self.mayNeedQuote(chunk[end]) {
                        place = .lineStart(matched: 0)
                    }
                } while end < chunk.count && !Self.mayNeedQuote(chunk[end])
                output.append(contentsOf: UnsafeRawBufferPointer(rebasing: chunk[position..<end]))
                position = end
            }
        }
        return output
    }

    /// What is left of a mail.
    package mutating func rest() -> [UInt8] {
        guard case .lineStart(let matched) = place else { return [] }
        place = .within
        return Array(FileSourceLines.from.prefix(matched))
    }

    /// What stands behind a mail.
    package func finish() -> [UInt8] { lacksEnd ? Self.end + Self.end : Self.end }

    /// Whether a line that begins so may be one that is written with one `>` more.
    private static func mayNeedQuote(_ byte: UInt8) -> Bool { byte == UInt8(ascii: ">") || byte == UInt8(ascii: "F") }

    /// Takes a byte near the start of a line; false where it is none of `From `, and still to be written.
    private mutating func match(_ byte: UInt8, _ matched: Int, _ output: inout [UInt8]) -> Bool {
        if matched == 0, byte == UInt8(ascii: ">") {
            output.append(byte)
            return true
        }
        guard byte == FileSourceLines.from[matched] else {
            output.append(contentsOf: FileSourceLines.from.prefix(matched))
            place = .within
            return false
        }
        if matched + 1 == FileSourceLines.from.count {
            output.append(UInt8(ascii: ">"))
            output.append(contentsOf: FileSourceLines.from)
            place = .within
        } else {
            place = .lineStart(matched: matched + 1)
        }
        return true
    }

    /// As `asctime` writes it, in UTC: `Thu Nov 26 22:28:44 2026`.
    ///
    /// A moment beyond the years in which mail is sent is written as the first of 1970.
    private static func date(_ moment: Timestamp) -> String {
        var seconds = time_t(moment.rawValue / 1000)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        if !(0..<300).contains(parts.tm_year) {
            seconds = 0
            gmtime_r(&seconds, &parts)
        }
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let two = { (number: Int32, pad: String) in number < 10 ? "\(pad)\(number)" : "\(number)" }
        let clock = [parts.tm_hour, parts.tm_min, parts.tm_sec].map { two($0, "0") }.joined(separator: ":")
        let (day, month) = (days[Int(parts.tm_wday) % 7], months[Int(parts.tm_mon) % 12])
        return "\(day) \(month) \(two(parts.tm_mday, " ")) \(clock) \(1900 + parts.tm_year)"
    }
}
