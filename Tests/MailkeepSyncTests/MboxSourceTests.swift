import Foundation
import MailkeepModel
import Testing

@testable import MailkeepSync

@Suite("An mbox file")
struct MboxSourceTests {
    private static let line = "From a@example.com Mon Jan  5 10:30:00 2026\n"

    @Test("Mails are numbered in their order, in raw form, without what belongs to the file")
    func mails() async throws {
        let files = try MailFiles()
        try files.write(
            Self.line + MailFiles.mail("1") + "\n" + Self.line + MailFiles.mail("2", body: "a\n\n\nb") + "\n",
            to: "box"
        )
        let folder = try #require(try await files.read("box").first)
        #expect(
            folder.mails == [
                MailFiles.mail("1", end: "\r\n"), MailFiles.mail("2", body: "a\r\n\r\n\r\nb", end: "\r\n"),
            ]
        )
        #expect(folder.headers.map(\.uid) == [1, 2])
        #expect(folder.arrivals == [1_767_609_000_000, 1_767_609_000_000])
        #expect(
            folder.headers.map { String(decoding: $0.bytes, as: UTF8.self) }
                == ["1", "2"].map { "From: a@example.com\r\nSubject: \($0)\r\n" }
        )
    }

    @Test("A mail whose lines end in CRLF stands as it is, a lone LF in it too, beside mails with LF")
    func lineEnds() async throws {
        let files = try MailFiles()
        let crlf = MailFiles.mail("2", body: "lone\nfeed\rand return", end: "\r\n")
        try files.write(
            Self.line + MailFiles.mail("1") + "\n" + Self.line + crlf + "\r\n" + Self.line + MailFiles.mail("3"),
            to: "box"
        )
        #expect(
            try await files.mails("box") == [MailFiles.mail("1", end: "\r\n"), crlf, MailFiles.mail("3", end: "\r\n")]
        )
    }

    @Test("What Content-Length says is not believed", arguments: ["0", "5", "4000", "-1", "99999999999999999999", "x"])
    func contentLength(length: String) async throws {
        let files = try MailFiles()
        let header = "From: a@example.com\nContent-Length: \(length)\nSubject: "
        let separator = "From a@example.com Mon Jan  5 10:30:00 2026\n"
        try files.write("\(separator)\(header)one\n\nFirst\n\n\(separator)\(header)two\n\nSecond\n", to: "mail.mbox")
        let mails = try await files.mails("mail.mbox")
        #expect(mails.count == 2)
        #expect(mails.map { $0.contains("First") } == [true, false])
        #expect(mails.allSatisfy { $0.contains("Content-Length: \(length)\r\n") })
    }

    @Test("In a mail with LF, a line that ends in CRLF gets no second CR")
    func mixedLineEnds() async throws {
        let files = try MailFiles()
        try files.write(Self.line + "Subject: x\n\na\r\nb\rc\n", to: "box")
        #expect(try await files.mails("box") == ["Subject: x\r\n\r\na\r\nb\rc\r\n"])
    }

    @Test(
        "A line that begins with From separates mails only where it looks like it",
        arguments: [
            // After an empty line, with address and date.
            ("\nFrom b@example.com Tue Feb  3 00:00:00 2026\nbody", 2),
            ("\nFrom MAILER-DAEMON Tue Feb  3 00:00:00 2026\nbody", 2),
            ("\nFrom \"John Doe\"@example.com Tue Feb 3 00:00:00 JST 2026\nbody", 2),
            ("\nFrom John Doe Tue Feb 3 00:00 2026\nbody", 2),
            ("\nFrom - Tue, 3 Feb 2026 00:00:00 +0900\nbody", 2),
            ("\nFrom 1789@xxx Tue Feb 03 00:00:00 +0000 2026\nbody", 2),
            ("\r\nFrom b Tue Feb  3 00:00:00 2026\r\nbody", 2),
            ("\nFrom b Tue Feb  3 00:00:00 2026 remote from uucp\nbody", 2),
            // After an empty line, with a header field behind it.
            ("\nFrom b@example.com\nReceived: from c", 2),
            ("\nFrom nobody\nX-Mozilla-Status: 0001", 2),
            // Text.
            ("From b@example.com Tue Feb  3 00:00:00 2026\nSubject: y", 1),
            ("\nFrom the beginning, all was well.\nNote: yes", 1),
            ("\nFrom 3 Feb 2026 on\nwe are closed", 1),
            ("\nFrom b Tue Feb  3 00:00:00\nyear missing", 1),
            ("\nFrom b Tue Feb 33 25:00:00 2026\nno such day", 1),
            ("\n From b Tue Feb  3 00:00:00 2026\nSubject: y", 1),
            ("\nFrom: b\nSubject: y", 1),
            ("\nFrom b\n\nSubject: y", 1),
            ("\nFrom b", 1),
        ]
    )
    func separators(text: String, count: Int) async throws {
        let files = try MailFiles()
        try files.write(Self.line + "Subject: x\n\nbody\n\(text)\n", to: "box")
        let mails = try await files.mails("box")
        #expect(mails.count == count)
        if count == 1 {
            #expect(mails.first?.replacing("\r\n", with: "\n") == "Subject: x\n\nbody\n\(text)\n")
        }
    }

    @Test(
        "Quoting is taken back by one where the file is quoted throughout",
        arguments: [
            (">From me", "From me"), (">>From me", ">From me"), (">>>From me", ">>From me"), (">From", ">From"),
            ("> From me", "> From me"), (">>", ">>"), ("x >From me", "x >From me"), (">", ">"), (">Fro", ">Fro"),
        ]
    )
    func quoting(stored: String, raw: String) async throws {
        let files = try MailFiles()
        try files.write(Self.line + "Subject: x\n\n\(stored)\n\(stored)", to: "quoted")
        #expect(try await files.mails("quoted") == ["Subject: x\r\n\r\n\(raw)\r\n\(raw)"])
        try files.write(Self.line + "Subject: x\n\n\(stored)\nFrom me\n", to: "unquoted")
        #expect(try await files.mails("unquoted") == ["Subject: x\r\n\r\n\(stored)\r\nFrom me\r\n"])
    }

    @Test(
        "Files with next to nothing in them hold as many mails",
        arguments: [
            ("", 0), ("\n\n\r\n\n", 0), ("From ", 1), ("From a\n", 1), ("From a\n\n", 1),
            ("From a\n\n\nFrom b\nTo: c", 2),
            ("\n\nFrom a Mon Jan  5 10:30:00 2026\nTo: b\n", 1), ("Subject: no separator\n\nbody", 1),
            ("Subject: x\n\nbody\n\nFrom a Mon Jan  5 10:30:00 2026\nTo: b\n", 2),
        ]
    )
    func smallFiles(text: String, count: Int) async throws {
        let files = try MailFiles()
        try files.write(text, to: "boxes/box.mbox")
        let folder = try #require(try await files.read("boxes").first)
        #expect(folder.opened?.count == count)
        #expect(folder.bodies.count == count)
        guard count == 0 else { return }
        await #expect(throws: SyncFailure(.path, "")) { try await files.read("boxes/box.mbox") }
    }

    @Test(
        "A file of another kind, given as the source, is refused",
        arguments: ["\u{7f}ELF\u{2}", "PK\u{3}\u{4}", "Hello, world\n"]
    )
    func otherFile(text: String) async throws {
        let files = try MailFiles()
        try files.write(text, to: "file")
        await #expect(throws: SyncFailure(.path, "")) { try await files.read("file") }
        try files.write("Subject: one mail\n\nText\n", to: "mail.eml")
        #expect(try await files.mails("mail.eml").count == 1)
    }

    @Test("A mail without a date in its separator has no time of arrival; zones count")
    func dates() async throws {
        let files = try MailFiles()
        try files.write(
            ["nobody", "a Mon Jan  5 19:30:00 JST 2026", "a Mon Jan  5 2026 05:30 -0500", "a Mon Jan 5 1:2:3 1969"]
                .map { "From \($0)\nTo: b\n\n" }.joined(),
            to: "box"
        )
        let times = try await files.read("box").first?.arrivals
        #expect(times == [nil, 1_767_609_000_000, 1_767_609_000_000, -31_186_677_000])
    }

    @Test("Lines of megabytes and mails larger than any buffer come through")
    func hugeLines() async throws {
        let files = try MailFiles()
        let huge = String(repeating: "x", count: 2 << 20)
        let large = Array(repeating: ">From the line\n" + String(repeating: "y", count: 60), count: 40_000)
            .joined(separator: "\n")
        try files.write(
            Self.line + MailFiles.mail("1", body: huge) + "\n" + Self.line + "\(huge): x\n\n\(large)\n\n" + Self.line
                + MailFiles.mail("3"),
            to: "box"
        )
        let mails = try await files.mails("box")
        #expect(mails.count == 3)
        #expect(mails.first == MailFiles.mail("1", body: huge, end: "\r\n"))
        let raw = large.replacing(">From", with: "From").replacing("\n", with: "\r\n")
        #expect(mails.dropFirst().first == "\(huge): x\r\n\r\n\(raw)\r\n")
    }

    @Test("A mail is streamed in pieces")
    func streaming() async throws {
        let files = try MailFiles()
        try files.write(
            Self.line + MailFiles.mail("1", body: String(repeating: "line\n", count: 1_000_000)),
            to: "box.mbox"
        )
        try await files.session { session in
            _ = try await session.open(SourceFolder(name: "box", path: "box", exclusion: nil))
            var largest = 0
            _ = try await session.bodies(of: [1]) { body in
                try await body.forEachChunk { largest = max(largest, $0.count) }
            }
            #expect(largest > 0 && largest <= 1 << 20)
        }
    }

    @Test("Numbers stay valid while their mails are where they were, whatever is appended, and not otherwise")
    func validity() async throws {
        func validity(_ text: String, ofFirst count: UInt32 = 2) async throws -> UInt32? {
            let files = try MailFiles()
            try files.write(text, to: "box.mbox")
            return try await files.validity(ofFirst: count)
        }
        for end in ["", "\n"] {
            let text = Self.line + MailFiles.mail("1") + "\n" + Self.line + MailFiles.mail("2")
            let before = try await validity(text + end)
            #expect(try await validity(text + end) == before)
            #expect(try await validity(text + end, ofFirst: 3) == 0)
            // As mail programs set flags: in place.
            #expect(try await validity(text.replacing("Subject: 1", with: "Subject: 9")) == before)
            let longer = text + "\n" + Self.line + MailFiles.mail("3")
            #expect(try await validity(longer) == before)
            #expect(try await validity(longer, ofFirst: 3) != before)
            #expect(try await validity(Self.line + MailFiles.mail("2"), ofFirst: 1) != before)
            #expect(try await validity(text.replacing("a@example.com Mon", with: "b@example.com Mon")) != before)
            #expect(try await validity(text.replacing("Subject: 1", with: "Subject: 10")) != before)
        }
    }

    @Test("Mails of a file that is rewritten while it is open are left out, not mixed up; one that grows is read on")
    func rewriting() async throws {
        let files = try MailFiles()
        let text =
            Self.line + MailFiles.mail("1") + "\n" + Self.line + MailFiles.mail("2") + "\n" + Self.line
            + MailFiles.mail("3") + "\n"
        let path = try files.write(text, to: "box.mbox")
        try await files.session { session in
            _ = try await session.open(SourceFolder(name: "box", path: "box", exclusion: nil))
            let file = try FileHandle(forWritingTo: URL(filePath: path))
            try file.seekToEnd()
            try file.write(contentsOf: Data((Self.line + MailFiles.mail("4")).utf8))
            let whole = try await session.wholeMails([0, 1, 2, 3, 4, .max])
            #expect(whole.keys.sorted() == [1, 2, 3])
            try file.seek(toOffset: 0)
            try file.write(
                contentsOf: Data((Self.line + MailFiles.mail("11") + "\n" + Self.line + MailFiles.mail("2")).utf8)
            )
            let rest = try await session.wholeMails([1, 2, 3])
            #expect(rest.keys.sorted() == [3])
            try file.truncate(atOffset: 10)
            var seen = 0
            let unreadable = try await session.headers(of: [1...UInt32.max]) { _ in seen += 1 }
            #expect(seen + unreadable.count <= 1)
        }
    }

    @Test("Reading is given up when the task is cancelled")
    func cancellation() async throws {
        let files = try MailFiles()
        try files.write(Self.line + MailFiles.mail("1"), to: "box")
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            _ = try await files.read("box")
        }
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test("Where pieces of the file are cut makes no difference to the index, nor to the raw form")
    func cuts() throws {
        var random = MailFilesRandom(state: 2)
        for _ in 0..<2000 {
            let bytes = random.mboxLikeBytes(pieces: 30)
            let whole = try Self.index([bytes])
            let cut = random.cut(bytes)
            let pieces = try Self.index(cut)
            #expect(whole.mails.map(\.range) == pieces.mails.map(\.range))
            #expect(whole.validities[whole.mails.count] == pieces.validities[whole.mails.count])
            #expect(Self.rawForm([bytes], unquotes: true) == Self.rawForm(cut, unquotes: true))
            #expect(Self.rawForm([bytes], unquotes: false) == Self.rawForm(cut, unquotes: false))
            for mail in whole.mails {
                let stored = Array(bytes[Int(mail.range.lowerBound)..<Int(mail.range.upperBound)])
                for unquotes in [true, false] {
                    let raw = Self.rawForm([stored], unquotes: unquotes, keepsEnds: mail.keepsEnds)
                    #expect(mail.size(unquoted: unquotes) == UInt64(raw.count))
                }
            }
        }
    }

    @Test("Mails are found where a plain reading of the rules finds them")
    func referenceIndex() throws {
        var random = MailFilesRandom(state: 3)
        for _ in 0..<2000 {
            let bytes = random.mboxLikeBytes(pieces: 40)
            let found = try Self.index([bytes]).mails.map { Int($0.range.lowerBound)..<Int($0.range.upperBound) }
            #expect(found == Self.plainIndex(bytes))
        }
    }

    private static func index(_ pieces: [[UInt8]]) throws -> MboxSourceIndex {
        var index = MboxSourceIndex()
        for piece in pieces { try index.append(piece) }
        try index.finish()
        return index
    }

    private static func rawForm(_ pieces: [[UInt8]], unquotes: Bool, keepsEnds: Bool = false) -> [UInt8] {
        var lines = FileSourceLines(unquotes: unquotes, keepsEnds: keepsEnds)
        var output: [UInt8] = []
        for piece in pieces { lines.rewrite(piece, into: &output) }
        lines.finish(into: &output)
        return output
    }

    /// The rules on lines in an array, for the lines that the random files consist of.
    private static func plainIndex(_ bytes: [UInt8]) -> [Range<Int>] {
        var lines: [(start: Int, next: Int, text: ArraySlice<UInt8>, isEmpty: Bool)] = []
        var start = 0
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: 0x0A)
            let next = end.map { $0 + 1 } ?? bytes.count
            let text = bytes[start..<(end ?? bytes.count)]
            lines.append((start, next, text, end != nil && (text.isEmpty || text.elementsEqual([0x0D]))))
            start = next
        }
        let separators = lines.indices.filter { index in
            guard lines[index].text.starts(with: Array("From ".utf8)) else { return false }
            guard index > 0 else { return true }
            guard lines[index - 1].isEmpty else { return false }
            if MboxSourceLine.date(of: Array(lines[index].text.prefix(512))) != nil { return true }
            return index + 1 < lines.count && MboxSourceLine.isHeaderField(Array(lines[index + 1].text.prefix(512)))
        }
        var mails: [Range<Int>] = []
        for (position, first) in ([-1] + separators).enumerated() {
            let following = position < separators.count ? separators[position] : lines.count
            let own = lines[(first + 1)..<following]
            if first < 0, own.allSatisfy(\.isEmpty) { continue }
            let begin = first < 0 ? 0 : lines[first].next
            let end = own.last.map { $0.isEmpty ? $0.start : $0.next } ?? begin
            mails.append(begin..<end)
        }
        return mails
    }
}

extension MailFilesRandom {
    fileprivate mutating func cut(_ bytes: [UInt8]) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = rest.prefix(Int.random(in: 1...7, using: &self))
            pieces.append(Array(piece))
            rest = rest.dropFirst(piece.count)
        }
        return pieces
    }
}
