import Foundation
import Testing

@testable import MailkeepWeb

@Suite("The HTML of a mail")
struct HostileHTMLTests {
    private static let rel = " rel=\"noopener noreferrer nofollow\" target=\"_blank\""
    private static let images = ["logo@x.example": "/inline/1", "a b": "/inline/2", "日本": "/inline/3"]

    /// What becomes of a mail's HTML, without what is put before it.
    private static func safe(_ html: String, images: [String: String] = images) throws -> String {
        let head = HostileHTML("").safe(images: [:])
        let shown = HostileHTML(html).safe(images: images)
        try #require(Array(shown.utf8).starts(with: Array(head.utf8)))
        return String(decoding: Array(shown.utf8).dropFirst(head.utf8.count), as: UTF8.self)
    }

    @Test(
        "Links open outside and tell nothing: what they say themselves of it comes too late",
        arguments: [
            ("<a href=x>", "<a\(rel) href=x>"),
            ("<A target=_top HREF=x>", "<A\(rel) target=_top HREF=x>"),
            ("<a>x</a>", "<a\(rel)>x</a>"),
            ("<a/href=x>", "<a\(rel)/href=x>"),
            ("<a\u{c}href=x>", "<a\(rel)\u{c}href=x>"),
            ("<area href=x>", "<area\(rel) href=x>"),
            ("<svg:a xlink:href=x>", "<svg:a\(rel) xlink:href=x>"),
            ("<abbr title=x>", "<abbr title=x>"),
            ("<article>", "<article>"),
            ("a < b, <a", "a < b, <a\(rel)"),
            ("< a href=x>", "< a href=x>"),
        ]
    )
    func links(html: String, expected: String) throws {
        #expect(try Self.safe(html) == expected)
    }

    @Test(
        "Elements that connect, lead elsewhere or hold documents lose their names",
        arguments: [
            "meta", "link", "base", "iframe", "frame", "frameset", "object", "embed", "applet", "portal", "fencedframe",
            "form",
        ]
    )
    func removed(name: String) throws {
        let upper = name.uppercased()
        for (html, expected) in [
            ("<\(name) x=y>", "<x-\(name) x=y>"), ("<\(upper)>", "<x-\(upper)>"), ("</\(name)>", "</x-\(name)>"),
            ("<<\(name)>", "<<x-\(name)>"), ("<\(name)/x>", "<x-\(name)/x>"), ("<\(name)\n>", "<x-\(name)\n>"),
            ("<svg:\(name)>", "<x-svg:\(name)>"), ("<a:b:\(name)>", "<x-a:b:\(name)>"),
            ("<!--<\(name)>-->", "<!--<x-\(name)>-->"), ("<p title='<\(name)>'>", "<p title='<x-\(name)>'>"),
            ("<\(name)", "<x-\(name)"), ("<a<\(name)>", "<a\(Self.rel)<x-\(name)>"),
            ("<\(name)\u{0}>", "<x-\(name)\u{0}>"), ("<\(name)\u{1}>", "<x-\(name)\u{1}>"),
            ("<\(name)er>", "<\(name)er>"), ("<x\(name)>", "<x\(name)>"), ("&lt;\(name)>", "&lt;\(name)>"),
        ] {
            #expect(try Self.safe(html) == expected, "\(html)")
        }
    }

    @Test(
        "A mail's own images are shown, by their Content-IDs; others stay as they are",
        arguments: [
            ("<img src=\"cid:logo@x.example\">", "<img src=\"/inline/1\">"),
            ("<img src='CID:logo@x.example'>", "<img src='/inline/1'>"),
            ("<img src=cid:logo@x.example>", "<img src=/inline/1>"),
            ("<img src=\"cid:logo%40x.example\">", "<img src=\"/inline/1\">"),
            ("<img src=\"cid:a%20b\">", "<img src=\"/inline/2\">"),
            ("<img src=\"cid:%E6%97%A5%E6%9C%AC\">", "<img src=\"/inline/3\">"),
            ("<p style=\"background:url(cid:logo@x.example)\">", "<p style=\"background:url(/inline/1)\">"),
            ("<img src=\"cid:other@x.example\">", "<img src=\"cid:other@x.example\">"),
            ("<img src=\"cid:logo@x.example2\">", "<img src=\"cid:logo@x.example2\">"),
            ("<img src=\"cid:%FF\">", "<img src=\"cid:%FF\">"), ("<img src=\"cid:\">", "<img src=\"cid:\">"),
            ("cid", "cid"), ("cid:", "cid:"), ("<img src=\"cid:<meta >\">", "<img src=\"cid:<x-meta >\">"),
            // No reference within another: it is none of ours.
            ("<img src=cid:cid:logo@x.example>", "<img src=cid:cid:logo@x.example>"),
        ]
    )
    func inlineImages(html: String, expected: String) throws {
        #expect(try Self.safe(html) == expected)
    }

    @Test("What is no UTF-8 any more, combining marks and line ends change nothing of the names")
    func marks() throws {
        // With a mark after it the name is another to people and to us, and none of those to a browser either.
        #expect(try Self.safe("<meta\u{301}>") == "<meta\u{301}>")
        #expect(try Self.safe("<\u{338}meta>") == "<\u{338}meta>")
        #expect(try Self.safe("<meta\r\n>") == "<x-meta\r\n>")
        #expect(try Self.safe("") == "")
        #expect(try Self.safe("<") == "<")
        #expect(try Self.safe("</") == "</")
    }

    @Test(
        "It takes a time in proportion to the length, whatever it is made of",
        arguments: ["<", "<a:", "<meta ", "cid:", "c", "</", "<a", "cid:x"]
    )
    func time(piece: String) {
        let small = String(repeating: piece, count: (1 << 16) / piece.utf8.count)
        let large = String(repeating: piece, count: (1 << 18) / piece.utf8.count)
        let first = Self.work { _ = HostileHTML(small).safe(images: Self.images) }
        let second = Self.work { _ = HostileHTML(large).safe(images: Self.images) }
        #expect(second < first * 12 + .seconds(1), "\(first) and \(second)")
        #expect(second < .seconds(60), "\(second)")
    }

    /// The time that this thread itself works on something, whatever else the machine does.
    private static func work(_ body: () -> Void) -> Duration {
        func now() -> Duration {
            var time = timespec()
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
            return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
        }
        let begun = now()
        body()
        return now() - begun
    }

    @Test("Eight megabytes of angle brackets are no matter")
    func angleBrackets() {
        let html = String(repeating: "<", count: 8 << 20)
        let time = Self.work { #expect(HostileHTML(html).safe(images: [:]).utf8.count > 8 << 20) }
        #expect(time < .seconds(120), "\(time)")
    }
}
