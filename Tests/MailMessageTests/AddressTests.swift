import MailMessage
import Testing

@Suite("Addresses of header fields")
struct AddressTests {
    @Test(
        "Every address of a field is found, in any of its spellings",
        arguments: [
            ("yuki@example.jp", ["yuki@example.jp"]),
            ("Yuki <yuki@example.jp>", ["yuki@example.jp"]),
            ("Yuki Mori <yuki@example.jp>, ken@example.com", ["yuki@example.jp", "ken@example.com"]),
            ("\"Mori, Yuki\" <yuki@example.jp>", ["yuki@example.jp"]),
            ("<yuki@example.jp>,<ken@example.com>", ["yuki@example.jp", "ken@example.com"]),
            // Semicolons, blanks and missing commas between them.
            ("yuki@example.jp; ken@example.com;", ["yuki@example.jp", "ken@example.com"]),
            ("yuki@example.jp ken@example.com", ["yuki@example.jp", "ken@example.com"]),
            ("Yuki <yuki@example.jp> Ken <ken@example.com>", ["yuki@example.jp", "ken@example.com"]),
            (",, yuki@example.jp ,,", ["yuki@example.jp"]),
            // Groups.
            ("Sales: yuki@example.jp, \"Ken, B\" <ken@example.com>;", ["yuki@example.jp", "ken@example.com"]),
            ("Sales:;, yuki@example.jp", ["yuki@example.jp"]),
            ("undisclosed-recipients:;", []),
            // Carriers' local parts.
            ("yuki..mori@docomo.example", ["yuki..mori@docomo.example"]),
            ("yuki.mori.@ezweb.example", ["yuki.mori.@ezweb.example"]),
            (".yuki-@softbank.example", [".yuki-@softbank.example"]),
            // Quoted local parts.
            ("\"yuki..mori.\"@docomo.example", ["yuki..mori.@docomo.example"]),
            ("\"yuki mori\"@example.jp", ["\"yuki mori\"@example.jp"]),
            ("<\"yuki@home\"@example.jp>", ["\"yuki@home\"@example.jp"]),
            ("\"yuki\".mori@example.jp", ["yuki.mori@example.jp"]),
            // Comments, routes, obsolete blanks.
            ("yuki(of (the) @ other@office.example)@example.jp (Yuki)", ["yuki@example.jp"]),
            ("<@relay.example,@two.example:yuki@example.jp>", ["yuki@example.jp"]),
            ("Yuki < yuki @ example . jp >", ["yuki@example.jp"]),
            ("yuki @ example.jp", ["yuki@example.jp"]),
            // Literals.
            ("yuki@[192.0.2.7]", ["yuki@[192.0.2.7]"]),
            ("<yuki@[IPv6:2001:db8::7]>", ["yuki@[IPv6:2001:db8::7]"]),
            // Names and addresses without brackets or with strange ones.
            ("Yuki Mori yuki@example.jp", ["yuki@example.jp"]),
            ("<mailto:yuki@example.jp>", ["yuki@example.jp"]),
            ("'yuki@example.jp'", ["yuki@example.jp"]),
            ("<'yuki@example.jp'>", ["yuki@example.jp"]),
            ("Yuki <yuki@example.jp", ["yuki@example.jp"]),
            ("Yuki <<yuki@example.jp>>", ["yuki@example.jp"]),
            ("Yuki yuki@example.jp>", ["yuki@example.jp"]),
            ("yuki@example.jp <>", ["yuki@example.jp"]),
            ("\"yuki@example.jp\"", ["yuki@example.jp"]),
            // Quotes and comments that nobody closed.
            ("\"Yuki <yuki@example.jp>", ["yuki@example.jp"]),
            ("Yuki\" <yuki@example.jp>, ken@example.com", ["yuki@example.jp", "ken@example.com"]),
            ("(Yuki <yuki@example.jp>", ["yuki@example.jp"]),
            (":-( <yuki@example.jp>", ["yuki@example.jp"]),
            // Encoded words.
            ("=?UTF-8?B?5bGx5Y+j?= <yuki@example.jp>", ["yuki@example.jp"]),
            ("=?UTF-8?Q?Mori,_Yuki?= <yuki@example.jp>", ["yuki@example.jp"]),
            ("=?UTF-8?B?IuWxseWPoyIgPHRhcm9AZXhhbXBsZS5qcD4=?=", ["taro@example.jp"]),
            ("\"=?UTF-8?B?IuWxseWPoyIgPHRhcm9AZXhhbXBsZS5qcD4=?=\"", ["taro@example.jp"]),
            ("山口 <yuki@例え.jp>", ["yuki@例え.jp"]),
            // Nothing.
            ("", []),
            ("<>", []),
            ("@", []),
            ("@example.jp", []),
            ("yuki@", []),
        ] as [(String, [String])]
    )
    func everyAddress(value: String, expected: [String]) {
        #expect(addresses(value).filter { $0.contains("@") } == expected)
    }

    @Test(
        "An address in a name beside another address is no address",
        arguments: [
            "\"victim@bank.example\" <mallory@example.net>",
            "victim@bank.example <mallory@example.net>",
            "\"victim@bank.example <victim@bank.example>\" <mallory@example.net>",
            "\"<victim@bank.example>\" mallory@example.net",
            "=?UTF-8?B?dmljdGltQGJhbmsuZXhhbXBsZSA8dmljdGltQGJhbmsuZXhhbXBsZT4=?= <mallory@example.net>",
            "=?UTF-8?Q?victim=40bank.example=2C?= <mallory@example.net>",
            "=?UTF-8?Q?victim@bank.example,?= <mallory@example.net>",
            "<mallory@example.net> (victim@bank.example)",
            "mallory@example.net (victim@bank.example)",
            "(victim@bank.example) <mallory@example.net>",
            "\"a\\\" <victim@bank.example>\" <mallory@example.net>",
            "victim@bank.example: mallory@example.net;",
        ]
    )
    func namesAreNoAddresses(value: String) {
        #expect(header("From: \(value)").from.compactMap(\.normalized?.description) == ["mallory@example.net"])
    }

    @Test(
        "What is no single valid address is shown, and matches nothing",
        arguments: [
            "victim@bank.example@evil.example", "vic‹00›tim@bank.example", "yuki@example..jp", "unknown",
            "<mailer daemon>", "yuki@[192.0.2.7]", "yuki@192.0.2.7", "yuki@exa$mple.jp",
        ]
    )
    func invalidAddresses(value: String) {
        let found = header("From: \(value)")
        #expect(found.from.compactMap(\.normalized).isEmpty)
        #expect(found.diagnostics.contains { $0.code == .invalidAddress } || found.from.isEmpty)
    }

    @Test("A field without any address still tells what stands there")
    func placeholder() {
        #expect(addresses("unknown") == ["unknown"])
        #expect(header("From: Cron <root>").from.first?.displayName == "Cron")
    }

    @Test(
        "Names are decoded and on one line",
        arguments: [
            ("Yuki Mori <yuki@example.jp>", "Yuki Mori"),
            ("\"Mori,  Yuki\" <yuki@example.jp>", "Mori, Yuki"),
            ("\"Yuki \\\"Y\\\" Mori\" <yuki@example.jp>", "Yuki \"Y\" Mori"),
            ("yuki@example.jp (Yuki Mori)", "Yuki Mori"),
            ("=?UTF-8?B?5bGx?= =?utf-8?q?=E5=8F=A3?= <yuki@example.jp>", "山口"),
            ("\"=?UTF-8?B?5bGx5Y+j?=\" <yuki@example.jp>", "山口"),
            ("=?UTF-8?B?5bGx5Y+j?= Yuki <yuki@example.jp>", "山口 Yuki"),
            ("\"a\n b\" <yuki@example.jp>", "a b"),
            ("=?UTF-8?B?bGluZQ0KQmNjOiB4QGV4YW1wbGUub3Jn?= <yuki@example.jp>", "line Bcc: x@example.org"),
            ("山口 <yuki@example.jp>", "山口"),
            ("<yuki@example.jp>", nil),
            ("\"\" <yuki@example.jp>", nil),
        ] as [(String, String?)]
    )
    func names(value: String, expected: String?) {
        let found = header("From: \(value)").from
        #expect(found.map(\.address) == ["yuki@example.jp"])
        #expect(found.first?.displayName == expected)
    }

    @Test("Raw Japanese bytes that look like quotes, commas and brackets do not break addresses")
    func rawBytes() {
        // ISO-2022-JP 柊下仞卯 is I" 2< P@ 1, and Shift_JIS 能 and 表 end in a backslash.
        let jis = header("From: ‹1b2442›I\"2<P@1,‹1b2842› <yuki@example.jp>, ken@example.com").from
        #expect(jis.map(\.address) == ["yuki@example.jp", "ken@example.com"])
        #expect(jis.first?.displayName == "柊下仞卯")
        let shiftJIS = header("From: \"‹945c955c›\" <yuki@example.jp>").from
        #expect(shiftJIS.map(\.address) == ["yuki@example.jp"])
        #expect(shiftJIS.first?.displayName == "能表")
    }

    @Test("Fields that stand several times are taken together, and said to be repeated")
    func repeatedFields() {
        let found = header("From: a@example.jp\nTo: b@example.jp\nFrom : c@example.jp\nTO: d@example.jp")
        #expect(found.from.map(\.address) == ["a@example.jp", "c@example.jp"])
        #expect(found.to.map(\.address) == ["b@example.jp", "d@example.jp"])
        #expect(found.diagnostics.map(\.code) == [.repeatedField])
    }

    @Test("Each field of addresses is its own")
    func fields() {
        let found = header(
            """
            From: a@example.jp
            Sender: b@example.jp
            Reply-To: c@example.jp
            To: d@example.jp
            Cc: e@example.jp
            Bcc: f@example.jp
            Resent-To: g@example.jp
            """
        )
        let all = [found.from, found.sender, found.replyTo, found.to, found.cc, found.bcc]
        #expect(all.map { $0.map(\.address) } == "abcdef".map { ["\($0)@example.jp"] })
    }

    @Test("Ten thousand recipients are ten thousand addresses")
    func manyRecipients() {
        let value = (0..<10_000).map { "\"Name \($0)\" <user\($0)@example.jp>" }.joined(separator: ",\n ")
        let found = header("To: \(value)").to
        #expect(found.count == 10_000)
        #expect(found.last?.normalized?.description == "user9999@example.jp")
    }

    @Test(
        "Fields of one delimiter without end are read in reasonable time",
        arguments: [
            "<", "(", "\"", "\\", "a@", ":", ";", "<a@b", "\"a\".", "a@[", "=?x?q?", "=?x?q?a", "<=?utf-8?q?x?=",
            "=?a?b?",
        ]
    )
    func hostileFields(unit: String) {
        let value = String(repeating: unit, count: 20_000)
        let found = header("From: \(value)\nSubject: \(value)\nReferences: \(value)\nTo: yuki@example.jp")
        #expect(found.to.map(\.address) == ["yuki@example.jp"])
    }
}
