import MailMessage
import Testing

@Suite("Normalised addresses and domains")
struct NormalizedAddressTests {
    @Test(
        "Spellings of one address are equal",
        arguments: [
            ("Yuki.Mori@Example.JP", "yuki.mori@example.jp"),
            ("  yuki@example.jp. ", "yuki@example.jp"),
            ("\"yuki..mori.\"@docomo.example", "yuki..mori.@docomo.example"),
            ("yuki@例え.jp", "yuki@xn--r8jz45g.jp"),
            ("yuki@XN--R8JZ45G.jp", "yuki@xn--r8jz45g.jp"),
            ("yuki@ｅｘａｍｐｌｅ。ｊｐ", "yuki@example.jp"),
            ("JÜRGEN@example.de", "ju\u{308}rgen@example.de"),
            ("\"a b\"@example.jp", "\"A B\"@example.jp"),
            ("yuki@bücher.example", "yuki@xn--bcher-kva.example"),
            ("yuki@straße.example", "yuki@xn--strae-oqa.example"),
        ]
    )
    func equalSpellings(one: String, other: String) throws {
        let first = try #require(NormalizedAddress(one))
        #expect(first == NormalizedAddress(other))
        #expect(NormalizedAddress(first.description) == first)
    }

    @Test("Letters that only look alike make another address")
    func homographs() {
        #expect(NormalizedAddress("user@ex\u{430}mple.com") != NormalizedAddress("user@example.com"))
    }

    @Test(
        "What is no address gives none",
        arguments: [
            "", "@", "yuki", "yuki@", "@example.jp", "a@b@example.jp", "yu ki@example.jp", "yuki@exa mple.jp",
            "yuki@example..jp", "yuki@.jp", "yuki@[192.0.2.7]", "yuki@192.0.2.7", "yu\u{0}ki@example.jp",
            "yuki@exa\u{0}mple.jp", "\"a\"b\"@example.jp", "\"a\\\"@example.jp", "yuki@exam_ple!.jp", "\"\"@example.jp",
            "<yuki@example.jp>", "yu\u{3000}ki@example.jp",
            "yuki@" + String(repeating: "a", count: 64) + ".jp",
            "yuki@" + String(repeating: "a.", count: 130) + "jp",
            "yuki@" + String(repeating: "例", count: 70) + ".jp",
        ]
    )
    func noAddress(text: String) {
        #expect(NormalizedAddress(text) == nil)
    }

    @Test(
        "The form without its tag",
        arguments: [
            ("taro+crm@example.jp", "taro@example.jp"), ("taro+a+b@example.jp", "taro@example.jp"),
            ("taro@example.jp", nil), ("+taro@example.jp", nil), ("taro+@example.jp", "taro@example.jp"),
        ] as [(String, String?)]
    )
    func withoutTag(text: String, expected: String?) throws {
        let address = try #require(NormalizedAddress(text))
        #expect(address.withoutTag?.description == expected)
    }

    @Test("The parts of an address")
    func parts() throws {
        let address = try #require(NormalizedAddress("Yuki@EXAMPLE.jp"))
        #expect(address.localPart == "yuki")
        #expect(address.domain == "example.jp")
        #expect(address.description == "yuki@example.jp")
        #expect(NormalizedAddress.version >= 1)
    }

    @Test(
        "Domains are lower case, without a trailing dot, of A-labels",
        arguments: [
            ("Example.JP", "example.jp"), ("example.jp.", "example.jp"), ("例え.テスト", "xn--r8jz45g.xn--zckzah"),
            ("localhost", "localhost"), ("my_host.example", "my_host.example"), ("xn--r8jz45g.jp", "xn--r8jz45g.jp"),
            ("", nil), (".", nil), ("a..b", nil), ("192.0.2.7", nil), ("[192.0.2.7]", nil), ("a b.jp", nil),
            ("a/b.jp", nil), ("例 え.jp", nil), ("例\u{0}.jp", nil),
        ] as [(String, String?)]
    )
    func domains(text: String, expected: String?) {
        #expect(DomainName.normalized(text) == expected)
    }
}
