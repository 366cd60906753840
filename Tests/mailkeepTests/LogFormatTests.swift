import Foundation
import Logging
import Testing

@testable import mailkeep

@Suite("Lines of the log")
struct LogFormatTests {
    private struct Named: CustomStringConvertible, Sendable {
        let description = "a \"name\""
    }

    private static let hostile = "a\"b\\c\nd\r\t\u{0}\u{1B}[31m\u{85}\u{2028}日本語 👩‍👩‍👧"

    @Test("A line of JSON is one line, and says what was given to it, numbers as numbers")
    func json() throws {
        let metadata: Logger.Metadata = [
            "text": "\(Self.hostile)", "status": .stringConvertible(200), "flag": .stringConvertible(true),
            "thing": .stringConvertible(Named()), "list": ["a", "b"], "map": ["k": "v"],
            // Nobody's key stands in for those of every line.
            "level": "forged", "time": "forged", "message": "forged",
        ]
        let line = LogFormat.json.line(time: "T", level: .warning, message: Self.hostile, metadata)
        #expect(line.hasSuffix("}\n") && line.unicodeScalars.count { $0.properties.generalCategory == .control } == 1)
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        )
        #expect(object["time"] as? String == "T" && object["level"] as? String == "warning")
        #expect(object["message"] as? String == Self.hostile && object["text"] as? String == Self.hostile)
        #expect(object["status"] as? Int == 200 && object["flag"] as? Bool == true)
        #expect(object["thing"] as? String == "a \"name\"")
        #expect(object["list"] as? [String] == ["a", "b"] && object["map"] as? [String: String] == ["k": "v"])
        #expect(object.count == 9)
    }

    @Test("A line of text is one line, its keys in order, quoted where they hold spaces")
    func text() {
        let metadata: Logger.Metadata = ["b": "two words", "a": .stringConvertible(1), "c": "x\"y\nz"]
        let line = LogFormat.text.line(time: "T", level: .info, message: "it\nhappened", metadata)
        #expect(line == "T info it happened a=1 b=\"two words\" c=\"x'y z\"\n")
    }
}
