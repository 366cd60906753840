import Foundation

/// The HTML of a mail, made fit to be shown in a sandbox.
///
/// The sandbox and the policy of its route keep scripts from running and anything from being loaded (design decision
/// 19). What is left is what no policy governs: elements that connect or prefetch, that lead the frame itself elsewhere,
/// or that put other documents into it lose their names, and links open outside, without telling where from.
///
/// Names are looked for wherever they stand after `<`, also in comments and attributes: HTML has no other way to write
/// the beginning of an element, and too many are no harm.
struct HostileHTML {
    private let source: [UInt8]

    init(_ html: String) {
        source = Array(html.utf8)
    }

    private static let removed: [[UInt8]] = [
        "meta", "link", "base", "iframe", "frame", "frameset", "object", "embed", "applet", "portal", "fencedframe",
        "form",
    ].map { Array($0.utf8) }
    private static let links: [[UInt8]] = [Array("a".utf8), Array("area".utf8)]
    private static let ofLinks = Array(" rel=\"noopener noreferrer nofollow\" target=\"_blank\"".utf8)
    private static let head = Array(
        """
        <!doctype html><meta charset="utf-8"><meta name="color-scheme" content="light">\
        <style>body{margin:12px;background:#fff;color:#000;overflow-wrap:anywhere}img{max-width:100%;height:auto}\
        table{max-width:100%}</style>
        """.utf8
    )

    /// - Parameter images: addresses of inline images by their Content-IDs without angle brackets (RFC 2392).
    func safe(images: [String: String]) -> String {
        var result = Self.head
        result.reserveCapacity(source.count + source.count / 8 + 1024)
        var index = 0
        while index < source.count {
            let byte = source[index]
            if byte == UInt8(ascii: "<") {
                index = copyTag(at: index, to: &result)
            } else if let (length, address) = image(at: index, images) {
                result += address
                index += length
            } else {
                result.append(byte)
                index += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// Copies `<` and the name after it, changed where it must be.
    private func copyTag(at start: Int, to result: inout [UInt8]) -> Int {
        var index = start + 1
        result.append(UInt8(ascii: "<"))
        let isEnd = index < source.count && source[index] == UInt8(ascii: "/")
        if isEnd {
            result.append(UInt8(ascii: "/"))
            index += 1
        }
        let name = source[index...].prefix { !Self.endsName($0) }
        guard !name.isEmpty else { return index }
        let folded = name.map(Self.folded)
        // A name with a prefix (`svg:script`) is looked at without it.
        let local = Array(folded.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false).last ?? [])
        if Self.removed.contains(folded) || Self.removed.contains(local) { result += Array("x-".utf8) }
        result += name
        if !isEnd, Self.links.contains(folded) || Self.links.contains(local) { result += Self.ofLinks }
        return index + name.count
    }

    /// The length of a `cid:` reference here, and the address of the image that it names; itself where it names none.
    ///
    /// No reference is looked for within another, so that the time is in proportion to the length.
    private func image(at index: Int, _ images: [String: String]) -> (length: Int, address: [UInt8])? {
        guard !images.isEmpty, Self.folded(source[index]) == UInt8(ascii: "c"), index + 4 < source.count,
            source[index..<(index + 4)].map(Self.folded) == Array("cid:".utf8)
        else { return nil }
        let reference = source[(index + 4)...].prefix(500).prefix { !Self.endsReference($0) }
        let id = String(decoding: reference, as: UTF8.self)
        let length = 4 + reference.count
        guard let address = images[id] ?? id.removingPercentEncoding.flatMap({ images[$0] }) else {
            return (length, Array(source[index..<(index + length)]))
        }
        return (length, Array(address.utf8))
    }

    private static func folded(_ byte: UInt8) -> UInt8 {
        (0x41...0x5a).contains(byte) ? byte | 0x20 : byte
    }

    /// White space, `/` and `>` end the name of a tag (HTML, 13.2.5.8); `<` may begin another where it is text.
    private static func endsName(_ byte: UInt8) -> Bool {
        byte <= 0x20 || byte == UInt8(ascii: "/") || byte == UInt8(ascii: ">") || byte == UInt8(ascii: "<")
    }

    private static func endsReference(_ byte: UInt8) -> Bool {
        byte <= 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") || byte == UInt8(ascii: ">")
            || byte == UInt8(ascii: ")") || byte == UInt8(ascii: "<")
    }
}
