import MailMessage
import Testing

@Suite("The text of HTML")
struct HTMLTests {
    @Test(
        "HTML becomes lines of text",
        arguments: [
            ("<p>one</p><p>two</p>", "one\n\ntwo\n"), ("a<br>b<BR/>c", "a\nb\nc\n"), ("a<br><br>b", "a\n\nb\n"),
            ("<div>a</div><div>b <b>c</b></div>", "a\nb c\n"), ("  a \n\n b\t", "a b\n"),
            ("<ul><li>a</li><li>b</li></ul>", "- a\n- b\n"), ("<table><tr><td>a</td><td>b</td></tr></table>", "a b\n"),
            ("<pre>a\n  b</pre>c", "a\n  b\n\nc\n"), ("<h1>t</h1>x", "t\n\nx\n"),
            ("<style>p{}</style>a<script>if (a<b) {}</script>b", "ab\n"), ("<SCRIPT>x</script >a", "a\n"),
            ("<title>t</title><body>a", "a\n"), ("<!-- <p>no</p> -->a<!doctype html>", "a\n"),
            ("<![CDATA[x]]>a", "a\n"),
            ("<img src=x alt=\"a &amp; b\">c", "a & b c\n"), ("<a href=\"a>b\" title='>'>link</a>", "link\n"),
            ("a &lt;b&gt; &amp;c &eacute;&#233;&#xE9;&#150; &copy 5", "a <b> &c ééé– © 5\n"),
            ("&nbsp;a&nbsp;b", "a b\n"),
            ("&unknown; & &; &#0;", "&unknown; & &; \u{FFFD}\n"), ("1 < 2 > 1", "1 < 2 > 1\n"), ("<", "<\n"), ("", ""),
            ("a<b", "a\n"), ("<p class=\"x>text<p>more", "text\n\nmore\n"), ("</p", ""), ("日本<b>語</b>", "日本語\n"),
            ("<p>a<span>b</span></p><script>never closed", "ab\n"), ("x<!-- never closed", "x\n"),
        ]
    )
    func rendering(html: String, expected: String) {
        #expect(message("Content-Type: text/html; charset=utf-8", body: html).text == expected)
    }

    @Test(
        "HTML of one delimiter without end is read in reasonable time",
        arguments: ["<", "<a ", "<a b='", "<!--", "<script>", "</", "&", "&#", "<p>", "<pre>\n", "<img alt=", "\""]
    )
    func hostile(unit: String) {
        let found = message("Content-Type: text/html", body: "start " + String(repeating: unit, count: 50_000))
        #expect(found.text.hasPrefix("start") || found.text.isEmpty)
    }
}
