import MailMessage
import Testing

@Suite("Subjects in any charset and coding")
struct SubjectTests {
    private static let text = "打合せ日程のご相談（川口）"

    @Test(
        "One subject, however it is encoded",
        arguments: [
            "打合せ日程のご相談（川口）",
            "=?ISO-2022-JP?B?GyRCQkc5ZyQ7RnxEeCROJDRBakNMIUpAbjh9IUsbKEI=?=",
            "=?iso-2022-jp*ja?b?GyRCQkc5ZyQ7RnxEeCROJDRBakNMIUpAbjh9IUsbKEI=?=",
            // The first word does not go back to ASCII.
            "=?ISO-2022-JP?B?GyRCQkc5ZyQ7Rnw=?=\n =?ISO-2022-JP?B?GyRCRHgkTiQ0QWpDTCFKQG44fSFLGyhC?=",
            // Characters split between words, cases of the charset mixed, inner words padded.
            "=?UTF-8?B?5omT5ZCI44Gb5g==?= =?utf-8?B?l6XnqIvjga7jgZTnmw==?=\n\t=?Utf-8?b?uOirh++8iOW3neWPo++8iQ==?=",
            "=?UTF-8?Q?=E6=89=93=E5=90=88=E3=81=9B=E6?= "
                + "=?UTF-8?Q?=97=A5=E7=A8=8B=E3=81=AE=E3=81=94=E7=9B=B8=E8=AB=87=EF=BC=88=E5=B7=9D=E5=8F=A3=EF=BC=89?=",
            "=?Shift_JIS?B?kcWNh4I=?= =?shift_jis?B?uZP6kvaCzIKykYqSa4FpkOyM+4Fq?=",
            // Coded differently, and base64 itself split.
            "=?UTF-8?B?5omT5ZCI44Gb5g==?= =?UTF-8?Q?=97=A5=E7=A8=8B?= =?UTF-8?B?44Gu44GU55u46KuH77yI5bed5Y+j77yJ?=",
            "=?UTF-8?B?5omT5ZCI44Gb5pel56iL44Gu44GU55u46KuH77yI5b?= =?UTF-8?B?ed5Y+j77yJ?=",
            // Blanks inside, the end missing.
            "=? UTF-8? B? 5omT5ZCI44Gb5pel56iL44Gu44GU55u46KuH77yI5bed5Y+j77yJ?=",
            "=?UTF-8?B?5omT5ZCI44Gb5pel56iL44Gu44GU55u46KuH77yI5bed5Y+j77yJ",
            "=?UTF-8?B?5omT5ZCI44Gb5pel56iL44Gu44GU55u46KuH77yI5bed5Y+j77yJ?",
            // False and unknown charsets.
            "=?us-ascii?B?5omT5ZCI44Gb5pel56iL44Gu44GU55u46KuH77yI5bed5Y+j77yJ?=",
            "=?unknown-8bit?B?kcWNh4K5k/qS9oLMgrKRipJrgWmQ7Iz7gWo=?=",
            "=?UTF-8?B?GyRCQkc5ZyQ7RnxEeCROJDRBakNMIUpAbjh9IUsbKEI=?=",
            // Raw bytes.
            "‹1b244242473967243b467c4478244e2434416a434c214a406e387d214b1b2842›",
            "‹91c58d8782b993fa92f682cc82b2918a926b816990ec8cfb816a›",
            "‹c2c7b9e7a4bbc6fcc4f8a4cea4b4c1eac3cca1cac0eeb8fda1cb›",
        ]
    )
    func oneSubject(value: String) {
        #expect(header("Subject: \(value)").subject == Self.text)
    }

    @Test(
        "Subjects of many kinds",
        arguments: [
            ("Plain", "Plain"),
            ("  folded\n subject\n\twith  blanks ", "folded subject with blanks"),
            // Japanese extensions.
            ("=?ISO-2022-JP?B?GyRCLSIta0A+RUQbKEI=?=", "②㈲西田"),
            ("=?ISO-2022-JP?B?GyhJMTIzGyhCIGVuZA==?=", "ｱｲｳ end"),
            ("=?ISO-2022-JP?B?DjEyMw8gZW5k?=", "ｱｲｳ end"),
            ("‹8d5c945c955c20835c›", "構能表 ソ"),
            // Other charsets as browsers read their labels.
            ("=?gb2312?B?gTnuObzb?=", "㐀价"),
            ("=?ks_c_5601-1987?B?jGO55rCix88=?=", "똠방각하"),
            ("=?iso-8859-1?B?k+dhl4CU?=", "“ça—€”"),
            ("=?Big5?B?t3zEsw==?=", "會議"),
            ("=?KOI8-R?B?8NLJ18XU?=", "Привет"),
            // Q with question marks, underscores and things that do not belong there.
            ("=?UTF-8?Q?Where?=20are_you?=", "Where? are you"),
            ("=?UTF-8?Q?100%_=zz=41?=", "100% =zzA"),
            ("Re: =?UTF-8?Q?=C3=A9t=C3=A9?= and more", "Re: été and more"),
            ("=?UTF-8?Q?a?==?UTF-8?Q?b?=", "ab"),
            ("=?UTF-8?Q?a?= =?ISO-8859-1?Q?=E9?=", "aé"),
            ("=?UTF-8?Q??= empty", "empty"),
            // No encoded words.
            ("=?", "=?"), ("=?=", "=?="), ("a =? b ?= c", "a =? b ?= c"), ("=?UTF-8?X?abc?=", "=?UTF-8?X?abc?="),
            ("=?UTF-8?B", "=?UTF-8?B"), ("x=?y", "x=?y"),
            // Controls do not come out of encoded words.
            ("=?UTF-8?B?bGluZQ0KQmNjOiB4QGV4YW1wbGUub3Jn?=", "line Bcc: x@example.org"),
            ("=?UTF-8?Q?a=00b=1Bc?=", "a b c"),
            ("caf‹e9›", "café"),
            ("=?UTF-8?B?8J+Yig==?=", "😊"),
            ("=?UTF-16BE?B?2D3eCg==?=", "😊"),
        ]
    )
    func subjects(value: String, expected: String) {
        #expect(header("Subject: \(value)").subject == expected)
    }

    @Test("Raw bytes without a charset are read in that of the body, if they can be")
    func hint() {
        let fields = "Subject: ‹bcdbb8f1b1ed›\nContent-Type: text/plain; charset="
        #expect(header(fields + "gb2312").subject == "价格表")
    }

    @Test("No subject is an empty subject, and of several the first counts")
    func presence() {
        #expect(header("From: a@example.jp").subject.isEmpty)
        #expect(header("Subject: one\nSubject: two").subject == "one")
    }
}
