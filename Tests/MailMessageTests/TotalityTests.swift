import MailMessage
import Testing

@Suite("Any bytes give a message")
struct TotalityTests {
    /// A generator whose numbers are the same in every run.
    private struct SeededGenerator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var value = state
            value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
            value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
            return value ^ (value >> 31)
        }
    }

    private static let sample = bytes(
        """
        From: "山口, \\"Y\\"" <yuki@例え.jp>, Sales: "a"@example.jp (c (d)), =?UTF-8?Q?x=40y?= <b@[192.0.2.7]>;
        To: ‹1b2442›I"2<‹1b2842› <c@example.jp>
        Subject: =?ISO-2022-JP?B?GyRCQkc5ZyQ7Rnw=?= =?ISO-2022-JP?B?GyRCRHgbKEI=?= =?utf-8?Q?=E3=81?=
        Date: Mon, 1 Jul 2024 09:00:00 +0900 (JST)
        Message-ID: <a@x>
        References: <b@x> <c@x>
        Content-Type: multipart/mixed; boundary="b b"; charset*0*=utf-8''x; charset*1=y

        --b b
        Content-Type: multipart/alternative; boundary=c

        --c
        Content-Type: text/plain; charset=shift_jis
        Content-Transfer-Encoding: quoted-printable

        =82=A0=
        ‹82a0›
        begin 644 x
        #0V%T
        end
        --c
        Content-Type: text/html; charset=iso-2022-jp

        <p title='>'>‹1b244224221b2842›&amp;&#x3042;<script>x</script><!-- c --></p>
        --c--
        --b b
        Content-Type: message/rfc822

        Subject: inner

        inner
        --b b
        Content-Disposition: attachment; filename*0*=Shift_JIS''%82; filename*1*=%A0.txt
        Content-Transfer-Encoding: base64
        Content-ID: <d@x>

        UERGREFUQQ==
        --b b--
        """
    )

    /// Reads everything there is, and holds what must hold of any message.
    private func check(_ raw: [UInt8]) {
        let found = Message(parsing: raw)
        let header = found.header
        for address in header.from + header.to + header.cc + header.bcc + header.sender + header.replyTo {
            #expect(!address.address.isEmpty)
            if let normalized = address.normalized {
                #expect(NormalizedAddress(normalized.description) == normalized)
            }
        }
        for attachment in found.attachments {
            #expect(found.content(of: attachment).count == attachment.size)
            if let name = attachment.fileName {
                #expect(!name.isEmpty && !name.contains("/") && !name.contains("\\"))
                #expect(!name.unicodeScalars.contains { $0.value < 0x20 })
            }
        }
        #expect(!header.subject.contains("\n") && !header.subject.contains("\r") && !header.subject.contains("\0"))
        #expect(!found.text.contains("\r") && !found.text.contains("\0"))
        #expect(found.snippet().count <= 161)
        #expect(Set(found.attachments.map(\.path)).count == found.attachments.count)
    }

    @Test("The sample is read whole")
    func sample() {
        let found = Message(parsing: Self.sample)
        #expect(found.header.from.count == 3)
        #expect(found.header.subject.hasPrefix("打合せ日程"))
        #expect(found.text == "ああ\n")
        #expect(found.html?.contains("あ") == true)
        #expect(found.attachments.map(\.path) == ["1.1.1", "2", "3"])
        #expect(found.attachments.map(\.fileName) == ["x", "inner.eml", "あ.txt"])
        check(Self.sample)
    }

    @Test("Every beginning of a message is a message")
    func prefixes() {
        for length in 0...Self.sample.count { check(Array(Self.sample.prefix(length))) }
    }

    @Test("Every end of a message is a message")
    func suffixes() {
        for length in 0...Self.sample.count { check(Array(Self.sample.suffix(length))) }
    }

    @Test("Random bytes are a message", arguments: 0..<20)
    func randomBytes(seed: UInt64) {
        var generator = SeededGenerator(state: seed)
        for _ in 0..<20 {
            check((0..<Int.random(in: 0..<500, using: &generator)).map { _ in .random(in: 0...255, using: &generator) })
        }
    }

    @Test("Random pieces of mail syntax are a message", arguments: 0..<20)
    func randomSyntax(seed: UInt64) {
        let pieces = [
            "From:", "Subject:", "Content-Type:", "multipart/mixed", ";boundary=b", "\n--b\n", "\n--b--\n", "\n",
            "\r\n",
            " ", "\t", "<", ">", "(", ")", "\"", "\\", ",", ";", ":", "@", ".", "a", "例", "=?", "?=", "?B?", "?q?",
            "utf-8", "=E3", "'", "*0*=", "%82", "text/html", "<p>", "&amp;", "<!--", "begin 644 x\n", "end\n",
            "‹1b2442›",
            "‹1b2842›", "‹00›", "‹ff›", "‹82a0›", "charset=", "name=", "base64", "Content-Transfer-Encoding:", "--",
        ].map(bytes)
        var generator = SeededGenerator(state: seed)
        for _ in 0..<30 {
            let count = Int.random(in: 0..<80, using: &generator)
            check((0..<count).flatMap { _ in pieces.randomElement(using: &generator) ?? [] })
        }
    }

    @Test("A message with damaged bytes is a message", arguments: 0..<20)
    func damagedBytes(seed: UInt64) {
        var generator = SeededGenerator(state: seed)
        for _ in 0..<20 {
            var raw = Self.sample
            for _ in 0..<10 {
                raw[Int.random(in: raw.indices, using: &generator)] = .random(in: 0...255, using: &generator)
            }
            check(raw)
        }
    }

    @Test("A line of two megabytes and a header of one are read")
    func longLines() {
        let body = String(repeating: "あ", count: 700_000)
        let found = message("Content-Type: text/plain; charset=utf-8", body: body)
        #expect(found.text == body)
        #expect(header("Subject: \(String(repeating: "x", count: 1_000_000))").subject.utf8.count == 1_000_000)
        let fields = (0..<50_000).map { "X-\($0): a" }.joined(separator: "\n")
        #expect(header(fields + "\nSubject: x").subject == "x")
    }

    @Test("NULs are let through nowhere")
    func nuls() {
        check([UInt8](repeating: 0, count: 10_000))
        let found = Message(parsing: bytes("Subject: a‹00›b\nFrom: \"n‹00›\" <yu‹00›ki@example.jp>\n\nx‹00›y"))
        #expect(found.header.subject == "a b")
        #expect(found.header.from.compactMap(\.normalized).isEmpty)
        #expect(found.text == "xy")
    }

    @Test("Messages are read on many tasks at once with the same result")
    func concurrency() async {
        let expected = Message(parsing: Self.sample)
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<64 {
                group.addTask {
                    let found = Message(parsing: Self.sample)
                    return found.text == expected.text && found.header.from == expected.header.from
                        && found.attachments == expected.attachments
                }
            }
            for await isEqual in group { #expect(isEqual) }
        }
    }
}
