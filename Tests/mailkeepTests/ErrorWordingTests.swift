import MailkeepApp
import MailkeepModel
import Testing

@testable import mailkeep

@Suite("What the shell says of its own errors")
struct ErrorWordingTests {
    private static let keys =
        UsageError.allCases.map { "usage.\($0.rawValue)" } + ShellError.Code.allCases.map { "shell.\($0.rawValue)" }

    @Test("Every code has its sentence in both languages", arguments: keys, Locale.allCases)
    func sentences(key: String, locale: Locale) {
        let text = Wording(locale: locale).text(key: key)
        #expect(text != key)
    }
}
