import Foundation
import MailMessage
import Testing

/// What GMime would do to the process or to a message if it were given mail as it comes.
@Suite("Traps of the library that reads mail")
struct LibraryTrapTests {
    /// Reads a message on a thread with as little stack as those of Swift's own pool have.
    private func readOnSmallStack(_ raw: [UInt8]) -> Message? {
        final class Box: @unchecked Sendable {
            // Written by the thread before it signals, read after that.
            var message: Message?
            let isDone = DispatchSemaphore(value: 0)
        }
        let box = Box()
        let thread = Thread {
            box.message = Message(parsing: raw)
            box.isDone.signal()
        }
        thread.stackSize = 512 << 10
        thread.start()
        box.isDone.wait()
        return box.message
    }

    @Test("Nesting of any kind fits on a small stack", arguments: 0..<10)
    func nesting(kind: Int) throws {
        let levels = 0..<10_000
        let raw =
            switch kind {
            case 0: levels.map { "Content-Type: multipart/mixed; boundary=b\($0)\n\n--b\($0)\n" }.joined() + "\nx\n"
            case 8, 9:
                levels.map {
                    "Content-Type: multipart/\(kind == 8 ? "alternative" : "related"); boundary=b\($0)\n\n--b\($0)\n"
                }.joined() + "\nx\n"
            case 1: String(repeating: "Content-Type: message/rfc822\n\n", count: 10_000) + "x\n"
            case 2: "To: " + String(repeating: "a:", count: 100_000) + "a@example.jp\n\n"
            case 3: "To: <," + String(repeating: "a:", count: 100_000) + "a@example.jp>\n\n"
            case 4: "To: " + String(repeating: "(", count: 100_000) + "a@example.jp\n\n"
            case 5:
                "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\nTo: "
                    + String(repeating: "a:", count: 100_000) + "\n\n--b--\n"
            case 6: "Content-Type: a/b; name*=" + String(repeating: "x", count: 1_000_000) + "''y\n\n"
            default:
                "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: a/b; name*="
                    + String(repeating: "x", count: 1_000_000) + "''y\n\n\n--b--\n"
            }
        _ = try #require(readOnSmallStack(Array(raw.utf8)))
    }

    @Test("A hundred thousand of anything are read, or told to be too many")
    func hundredThousand() {
        let multipart = "Content-Type: multipart/mixed; boundary=b\n\n"
        let parts = Message(parsing: Array((multipart + String(repeating: "--b\n\nx\n", count: 100_000)).utf8))
        #expect(parts.diagnostics.contains { $0.code == .tooManyParts })
        let fields = multipart + "--b\n" + String(repeating: "X: y\nContent-ID: <z>\n", count: 100_000) + "\nx\n--b--\n"
        #expect(Message(parsing: Array(fields.utf8)).text == "x")
        let parameters = (0..<100_000).map { "; p\($0)*0=x" }.joined()
        let many = multipart + "--b\nContent-Type: text/plain" + parameters + "\n\nx\n--b--\n"
        #expect(Message(parsing: Array(many.utf8)).text == "x")
        let addresses = String(repeating: "a@example.jp,", count: 100_000)
        #expect(header("To: \(addresses)").to.count == 100_000)
    }

    @Test(
        "An address is never cut short to another address",
        arguments: [
            "yuki@example.jp‹01›.evil.example",
            "<yuki@example.jp‹00›.evil.example>", "<yuki@example.jp@evil.example>",
            "<yuki@example.jp\\.evil.example>", "yuki@example.jp@evil.example",
        ]
    )
    func wholeAddresses(value: String) {
        #expect(header("From: \(value)").from.compactMap(\.normalized?.description) == [])
    }

    @Test("A-labels are shown as they were written")
    func labels() {
        let found = header("From: <yuki@sub.xn--r8jz45g.jp>").from
        #expect(found.map(\.address) == ["yuki@sub.xn--r8jz45g.jp"])
        #expect(found.first?.normalized?.description == "yuki@sub.xn--r8jz45g.jp")
    }

    @Test("Where line ends differ, no character before a boundary is lost")
    func mixedLineEnds() {
        let raw = "Content-Type: multipart/mixed; boundary=b\n\n--b\r\n\none\n--b\r\n\r\ntwo\r\n--b--\n"
        #expect(Message(parsing: Array(raw.utf8)).text == "one\ntwo")
    }

    @Test("A boundary inside a long line is none")
    func boundaryInLongLine() {
        for length in 4000..<4300 {
            let line = String(repeating: "x", count: length) + "--b"
            let raw = "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n\(line)\n--b--\n"
            #expect(Message(parsing: Array(raw.utf8)).text == line)
        }
    }

    @Test("A part without a header or a blank line is a part with its text")
    func brokenHeaders() {
        let found = message(
            "Content-Type: multipart/mixed; boundary=b",
            body: "--b\none\n--b\nContent-Type: text/plain\ntwo\n--b\nContent-Type: text/plain\n--b--\n"
        )
        #expect(found.text == "one\ntwo\n")
        #expect(found.diagnostics.map(\.code).contains(.missingHeader))
    }

    @Test("What stands after padding in base64 is read")
    func padding() {
        let found = message("Content-Transfer-Encoding: base64", body: "b25lIA==\ndHdv\n")
        #expect(found.text == "one two")
        #expect(found.diagnostics.isEmpty)
    }
}
