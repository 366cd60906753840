import MailkeepModel
import TestSupport
import Testing

/// A browser without a window, for the pages of a workplace's server.
struct Curl {
    struct Page {
        let status: Int
        let text: String
    }

    private let work: Workplace
    /// The file that keeps its cookies.
    let jar: String

    init(_ work: Workplace, jar: String = "cookies") {
        self.work = work
        self.jar = "\(work.folder)/\(jar)"
    }

    /// Asks for a page, or sends a form's fields.
    func get(_ path: String, _ fields: [String] = []) throws -> Page {
        let words =
            ["-sS", "-b", jar, "-c", jar, "-H", "Accept-Language: \(work.language.rawValue)", "-w", "\n%{http_code}"]
            + fields.flatMap { ["--data-urlencode", $0] } + ["http://127.0.0.1:\(work.port)\(path)"]
        let answer = try SystemProgram.run("curl", words)
        let parts = answer.split(separator: "\n", omittingEmptySubsequences: false)
        return Page(status: parts.last.flatMap { Int($0) } ?? 0, text: parts.dropLast().joined(separator: "\n"))
    }

    /// Signs in as the administrator.
    ///
    /// - Returns: the page that came of it.
    @discardableResult
    func signIn() throws -> Page {
        let token = try Self.formToken(try get("/signin"))
        let person = Workplace.Person.ada.rawValue
        return try get(
            "/signin",
            ["form_token=\(token)", "next=/", "email=\(person)", "password=\(Workplace.password)"]
        )
    }

    static func formToken(_ page: Page) throws -> String {
        try #require(page.text.firstMatch(of: #/name="form_token" value="([^"]+)"/#)).output.1.description
    }
}
