import CICU

/// A character encoding, named as browsers understand its label (WHATWG Encoding Standard), with what only mail uses.
struct Charset: Sendable, Hashable {
    /// What is particular about reading an encoding.
    enum Family: Sendable {
        /// Labelled as plain ASCII: anything else in it is undeclared.
        case ascii
        case utf8
        /// UTF-16 and UTF-32, with or without a byte order mark.
        case wide
        case latin
        case iso2022JP
        /// Anything whose bytes may be wrong (Shift_JIS, EUC-JP, GB18030, Big5, EUC-KR, …).
        case multibyte
        case singleByte
        /// UTF-7, HZ and their like: ASCII bytes that mean something else.
        case sevenBit
    }

    /// The name of ICU's converter.
    let converter: String
    let family: Family

    static let ascii = Charset(converter: "windows-1252", family: .ascii)
    static let utf8 = Charset(converter: "UTF-8", family: .utf8)
    static let utf16 = Charset(converter: "UTF-16", family: .wide)
    static let utf16BE = Charset(converter: "UTF-16BE", family: .wide)
    static let utf32 = Charset(converter: "UTF-32", family: .wide)
    static let latin = Charset(converter: "ibm-5348_P100-1997", family: .latin)
    static let shiftJIS = Charset(converter: "ibm-943_P15A-2003", family: .multibyte)
    static let eucJP = Charset(converter: "euc-jp-2007", family: .multibyte)
    static let iso2022JP = Charset(converter: "ISO-2022-JP-2", family: .iso2022JP)
    static let gb18030 = Charset(converter: "gb18030", family: .multibyte)

    private init(converter: String, family: Family) {
        self.converter = converter
        self.family = family
    }

    /// The encoding of a label; nil when it is unknown (`unknown-8bit`, `x-unknown`, …).
    ///
    /// Case and punctuation do not matter, nor quotes around it or a language behind it (`*ja`, RFC 2231 section 5).
    init?(label: some Collection<UInt8>) {
        guard label.count <= 64 else { return nil }
        let name = label.prefix { $0 != UInt8(ascii: "*") && $0 != UInt8(ascii: ";") }
        let key = name.filter { $0.isLetter || $0.isDigit }.map(\.lowercased).utf8Text
        guard !key.isEmpty else { return nil }
        if let known = Self.known[key] {
            self = known
            return
        }
        // What else ICU knows by this name: ISO-2022-KR, IBM code pages, …
        let plain = name.filter { $0.isLetter || $0.isDigit || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
        var status: Int32 = 0
        let text = plain.utf8Text
        guard mailkeep_ucnv_countAliases(text, &status) > 0 else { return nil }
        self.init(converter: text, family: key.hasPrefix("iso2022") ? .sevenBit : .multibyte)
    }

    private static let known: [String: Charset] = {
        var known: [String: Charset] = [:]
        func add(_ charset: Charset, _ labels: String) {
            for label in labels.split(separator: " ") { known[String(label)] = charset }
        }
        add(ascii, "ascii usascii ansix341968 isoir6 iso646us us csascii 646 ansix341986 iso646irv1991 7bit 8bit")
        add(utf8, "utf8 unicode11utf8 unicode20utf8 xunicode20utf8 utf8mb4 cp65001 utf8n csutf8")
        add(utf16, "utf16 utf16le unicode unicodefeff ucs2 iso10646ucs2 csunicode")
        add(utf16BE, "utf16be unicodefffe")
        add(utf32, "utf32 utf32le utf32be ucs4 iso10646ucs4")
        add(
            latin,
            """
            windows1252 cp1252 xcp1252 cp819 ibm819 csisolatin1 iso88591 iso885911987 isoir100 l1 latin1 iso8859 \
            win1252 ansi xansi
            """
        )
        add(
            shiftJIS,
            """
            shiftjis sjis xsjis shiftjisx0213 mskanji csshiftjis windows31j cswindows31j cp932 ms932 windows932 \
            xmscp932 xshiftjis xmacjapanese sjiswin shiftjis2004 mscp932 ibm943 cp943
            """
        )
        add(eucJP, "eucjp xeucjp xeuc cseucpkdfmtjapanese eucjpms eucjpwin cp51932 ujis eucjis2004 xeucjpms cp20932")
        add(
            iso2022JP,
            """
            iso2022jp csiso2022jp iso2022jp1 iso2022jp2 iso2022jp3 iso2022jp2004 iso2022jpms iso2022jpext jis jis7 \
            cp50220 cp50221 cp50222 csjisencoding junet windows50220 windows50221 windows50222
            """
        )
        add(
            gb18030,
            """
            gb18030 gbk xgbk gb2312 gb231280 csgb2312 csiso58gb231280 isoir58 chinese cp936 ms936 windows936 euccn \
            xeuccn cngb cp54936
            """
        )
        let others: [(String, Family, String)] = [
            ("big5-hkscs", .multibyte, "big5 big5hkscs cnbig5 csbig5 xxbig5 xbig5 cp950 ms950 windows950 big5eten"),
            (
                "windows-949", .multibyte,
                """
                euckr cseuckr csksc56011987 isoir149 korean ksc56011987 ksc56011989 ksc5601 ksc5601 windows949 cp949 \
                ms949 uhc xwindows949 ksc5636
                """
            ),
            ("HZ", .sevenBit, "hz hzgb2312 hzgb"),
            ("UTF-7", .sevenBit, "utf7 unicode11utf7 xunicode20utf7 csunicode11utf7 cp65000"),
            ("ibm866", .singleByte, "866 cp866 csibm866 ibm866"),
            ("iso-8859-2", .singleByte, "csisolatin2 iso88592 iso885921987 isoir101 l2 latin2"),
            ("iso-8859-3", .singleByte, "csisolatin3 iso88593 iso885931988 isoir109 l3 latin3"),
            ("iso-8859-4", .singleByte, "csisolatin4 iso88594 iso885941988 isoir110 l4 latin4"),
            ("iso-8859-5", .singleByte, "csisolatincyrillic cyrillic iso88595 iso885951988 isoir144"),
            (
                "iso-8859-6", .singleByte,
                "arabic asmo708 csisolatinarabic ecma114 iso88596 iso88596e iso88596i isoir127"
            ),
            ("iso-8859-7", .singleByte, "csisolatingreek ecma118 elot928 greek greek8 iso88597 isoir126 suneugreek"),
            ("iso-8859-8", .singleByte, "csisolatinhebrew hebrew iso88598 iso88598e iso88598i isoir138 logical visual"),
            ("iso-8859-10", .singleByte, "csisolatin6 iso885910 isoir157 l6 latin6"),
            ("iso-8859-13", .singleByte, "iso885913"),
            ("iso-8859-14", .singleByte, "iso885914"),
            ("iso-8859-15", .singleByte, "csisolatin9 iso885915 l9 latin9"),
            ("koi8-r", .singleByte, "cskoi8r koi koi8 koi8r"),
            ("koi8-u", .singleByte, "koi8ru koi8u"),
            ("macintosh", .singleByte, "csmacintosh mac macintosh xmacroman macroman"),
            ("x-mac-cyrillic", .singleByte, "xmaccyrillic xmacukrainian"),
            ("windows-874", .singleByte, "windows874 dos874 iso885911 tis620 cp874 xwindows874"),
            ("windows-1250", .singleByte, "cp1250 windows1250 xcp1250"),
            ("windows-1251", .singleByte, "cp1251 windows1251 xcp1251 win1251"),
            ("windows-1253", .singleByte, "cp1253 windows1253 xcp1253"),
            (
                "windows-1254", .singleByte,
                "cp1254 csisolatin5 iso88599 iso885991989 isoir148 l5 latin5 windows1254 xcp1254"
            ),
            ("windows-1255", .singleByte, "cp1255 windows1255 xcp1255"),
            ("windows-1256", .singleByte, "cp1256 windows1256 xcp1256"),
            ("windows-1257", .singleByte, "cp1257 windows1257 xcp1257"),
            ("windows-1258", .singleByte, "cp1258 windows1258 xcp1258"),
        ]
        for (converter, family, labels) in others { add(Charset(converter: converter, family: family), labels) }
        return known
    }()
}
