import Testing

@testable import MailMessage

@Suite("The lines of a header, as a person reads them")
struct HeaderLinesTests {
    @Test("Every field is there in its order, unfolded and decoded")
    func lines() {
        let header = HeaderLines(
            parsing: Array("Received: from a\r\n by b\r\nSubject: =?UTF-8?B?6KaL56mN?=\r\nX-A:\r\n\r\nbody: text".utf8)
        )
        #expect(header.lines.map(\.name) == ["Received", "Subject", "X-A"])
        #expect(header.lines.map(\.value) == ["from a by b", "見積", ""])
        #expect(!header.isCut)
    }

    @Test("Too many fields, and too long ones, are cut", arguments: [(600, 10), (3, 20_000), (100, 8000)])
    func cut(_ count: Int, _ length: Int) {
        let field = "X: " + String(repeating: "a", count: length) + "\r\n"
        let header = HeaderLines(parsing: Array(String(repeating: field, count: count).utf8))
        #expect(header.isCut)
        #expect(header.lines.count <= 500)
        #expect(header.lines.map(\.value.utf8.count).reduce(0, +) <= (256 + 16) << 10)
    }
}
