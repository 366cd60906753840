import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import MailkeepModel
import MailkeepStore
import NIOCore
import Testing

@testable import MailkeepApp
@testable import MailkeepWeb

@Suite("Forms with a file")
struct UploadTests {
    private static let mbox = "From - Thu Jan  1 00:00:00 2026\n\(Mails.plain(from: 1, subject: "Uploaded"))\n\n"

    private static let list = "/settings/mail-addon-users?tab=inactive"

    private static func firm() async throws -> (Firm, user: UserID, address: String) {
        let firm = try await Firm()
        let user = try await firm.add("Former")
        try await firm.readMail(of: user, .all, [Mails.plain(from: 1, subject: "Old")])
        try await firm.perform(DeactivateUser(user: user), as: firm.ada)
        return (firm, user, "/settings/mail-addon-users/\(user)/source")
    }

    @Test("An administrator uploads a file, sees it attached, and detaches it")
    func upload() async throws {
        let (firm, user, address) = try await Self.firm()
        let session = try await firm.session(of: firm.ada)
        try await firm.serve(.live) { client in
            var browser = Browser(client, session)
            let answer = try await browser.upload("\(address)/upload", Self.mbox)
            #expect(answer.status == 303 && answer.location == Self.list)
            #expect(try await browser.get(Self.list).text.contains("Messages in it: 1, folders: 1."))
            let page = try await browser.get(address).text
            #expect(page.contains("an uploaded file") && page.contains("\(address)/detach"))
            #expect(try await browser.post("\(address)/detach").status == 303)
            #expect(try await !browser.get(address).text.contains("\(address)/detach"))
        }
        let source = try await firm.mailkeep.store.read { try $0.backupSource(of: user) }
        #expect(source == nil)
    }

    @Test("A form of another page or site, or of who may not, changes nothing, and none of its file is kept")
    func forgeries() async throws {
        let (firm, _, address) = try await Self.firm()
        let session = try await firm.session(of: firm.ada)
        let foreign = try await firm.session(of: firm.ben).derived(for: "form")
        let standard = try await firm.session(of: firm.sota)
        try await firm.serve { client in
            let facts = try firm.facts()
            var browser = Browser(client, session)
            for token in [nil, "", foreign] as [String?] {
                let answer = try await browser.upload("\(address)/upload", Self.mbox, token: .some(token))
                #expect(answer.status == (token == nil ? 400 : 403))
            }
            let evil: HTTPFields = [.origin: "https://evil.example"]
            #expect(try await browser.upload("\(address)/upload", Self.mbox, evil).status == 403)
            #expect(try firm.facts() == facts)
            var other = Browser(client, standard)
            #expect(try await other.upload("\(address)/upload", Self.mbox).status == 403)
            var visitor = Browser(client)
            #expect(try await visitor.upload("\(address)/upload", Self.mbox).status == 303)
        }
        let uploads = "\(firm.folder)/data/uploads"
        #expect((try? FileManager.default.contentsOfDirectory(atPath: uploads)) ?? [] == [])
    }

    @Test(
        "The page's script is told where to go on, and the person there what was uploaded, or why nothing was, in place"
    )
    func script() async throws {
        let (firm, _, address) = try await Self.firm()
        let session = try await firm.session(of: firm.ada)
        let header = try #require(HTTPField.Name("X-Requested-With"))
        try await firm.serve(.live) { client in
            var browser = Browser(client, session)
            let page = try await browser.get("\(address)?back=\(PageAddress.encoded("tab=inactive&q=former"))")
            #expect(page.text.contains("data-upload") && page.text.contains("<progress"))
            let action = try #require(page.text.firstMatch(of: /action="([^"]*\/upload[^"]*)"/)?.output.1)
            let target = String(action).replacing("&amp;", with: "&")
            let refused = try await browser.upload(target, "hello", [header: "XMLHttpRequest"])
            #expect(refused.status == 400 && refused.text.contains("There is no mail in the file"))
            let answer = try await browser.upload(target, Self.mbox, [header: "XMLHttpRequest"])
            #expect(answer.status == 201 && answer.location == "\(Self.list)&q=former")
            #expect(try await browser.get(answer.location ?? "").text.contains("Messages in it: 1, folders: 1."))
        }
    }

    @Test("A file that breaks off, or holds no mail, is refused with words on the page, and nothing is kept")
    func broken() async throws {
        let (firm, user, address) = try await Self.firm()
        let session = try await firm.session(of: firm.ada)
        try await firm.serve { client in
            var browser = Browser(client, session)
            let cut = try await browser.upload("\(address)/upload", Self.mbox, isWhole: false)
            #expect(cut.status == 400 && cut.text.contains("The upload broke off"))
            let text = try await browser.upload("\(address)/upload", "hello")
            #expect(text.status == 400 && text.text.contains("There is no mail in the file"))
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(firm.folder)/data/uploads").isEmpty)
        #expect(try await firm.mailkeep.store.read { try $0.backupSource(of: user) } == nil)
    }

    // MARK: The decoder

    /// The parts of a form that comes in pieces of a size.
    private static func parts(_ text: String, boundary: String = "b", size: Int) throws -> [String]? {
        var decoder = try #require(MultipartDecoder(contentType: "multipart/form-data; boundary=\(boundary)"))
        var (parts, rest) = ([String](), Array(text.utf8)[...])
        while true {
            while let event = try decoder.next() {
                switch event {
                case .part(let name): parts.append("\(name)=")
                case .bytes(let bytes): parts[parts.count - 1] += String(buffer: bytes)
                case .partEnd: parts[parts.count - 1] += "|"
                case .end: return parts
                }
            }
            guard !rest.isEmpty else { return nil }
            decoder.append(ByteBuffer(bytes: rest.prefix(size)))
            rest = rest.dropFirst(size)
        }
    }

    @Test("Parts are found wherever the bytes are cut, and what looks like a boundary but is none is content")
    func decoder() throws {
        let lines = [
            "preamble", "--b", "Content-Disposition: form-data; name=\"form_token\"", "", "t", "--b",
            "content-disposition: form-data; name=file; filename=\"a;b.mbox\"", "Content-Type: text/plain", "", "one",
            "--", "\r-b", "--c", "--\r", "--b", "Content-Disposition: form-data; name=\"empty\"", "", "", "--b--",
        ]
        let form = lines.joined(separator: "\r\n")
        let expected = ["form_token=t|", "file=one\r\n--\r\n\r-b\r\n--c\r\n--\r|", "empty=|"]
        for size in 1...form.utf8.count { #expect(try Self.parts(form, size: size) == expected) }
        for end in 1..<(form.utf8.count - 1) {
            #expect(try Self.parts(String(decoding: form.utf8.prefix(end), as: UTF8.self), size: 7) == nil)
        }
    }

    @Test(
        "A malformed form is refused",
        arguments: [
            "--b\r\n\r\nx\r\n--b--", "--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--", "--bx\r\n",
            "--b\r\nA: \(String(repeating: "x", count: 20_000))",
        ]
    )
    func malformed(form: String) {
        #expect(throws: HTTPError.self) { try Self.parts(form, size: 100) }
    }

    @Test("Only a form with a boundary that can be one is taken for such a form")
    func contentTypes() {
        let long = String(repeating: "b", count: 71)
        for type in [
            nil, "multipart/form-data", "multipart/mixed; boundary=b", "multipart/form-data; boundary=",
            "multipart/form-data; boundary=\(long)", "application/x-www-form-urlencoded",
        ] {
            #expect(MultipartDecoder(contentType: type) == nil)
        }
        #expect(MultipartDecoder(contentType: "Multipart/Form-Data; charset=utf-8; Boundary=\"a b\"") != nil)
    }
}
