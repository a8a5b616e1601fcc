import Testing

@testable import TelegramSimulator

@Suite struct TelegramHTMLTests {
    @Test(arguments: [
        ("<x>a</x>", #"Unsupported start tag "x" at byte offset 0"#),
        ("é <foo bar>", #"Unsupported start tag "foo" at byte offset 3"#),
        ("a < b", #"Unsupported start tag "" at byte offset 2"#),
        ("a <b", "Unclosed start tag at byte offset 2"),
        ("<b>a", #"Can't find end tag corresponding to start tag "b""#),
        ("<b>a</i>", #"Unmatched end tag at byte offset 4, expected "</b>", found "</i>""#),
        ("<b><i>a</b></i>", #"Unmatched end tag at byte offset 7, expected "</i>", found "</b>""#),
        ("a</b>", "Unexpected end tag at byte offset 1"),
        ("<b>a</b", "Unclosed end tag at byte offset 4"),
        ("<span>a</span>", #"Tag "span" must have class "tg-spoiler" at byte offset 0"#),
        ("<a href>a</a>", #"Expected equal sign in declaration of an attribute of the tag "a" at byte offset 0"#),
        (#"<a href="x>a</a>"#, #"Unclosed start tag "a" at byte offset 0"#),
    ])
    func `Invalid HTML: refused with Telegram's words`(source: String, expected: String) {
        let error = #expect(throws: APIError.self) { try TelegramHTML.parse(source) }
        #expect(error?.description == "Bad Request: can't parse entities: " + expected)
    }

    @Test(arguments: [
        ("a &lt;b&gt; &amp; &quot;c&quot;", "a <b> & \"c\""),
        ("&#60;&#x1F600;&nbsp;&copy; &", "<😀&nbsp;&copy; &"),
        ("a > b", "a > b"),
        ("<b>a<i>b</i></b><tg-spoiler>c</tg-spoiler>", "abc"),
    ])
    func `Character references and tags: parsed to text`(source: String, expected: String) throws {
        #expect(try TelegramHTML.parse(source).text == expected)
    }

    @Test(arguments: [
        ("<strong>", "bold"), ("<em>", "italic"), ("<ins>", "underline"), ("<strike>", "strikethrough"),
        ("<del>", "strikethrough"), ("<code>", "code"), ("<pre>", "pre"), ("<tg-spoiler>", "spoiler"),
        ("<blockquote>", "blockquote"), ("<B>", "bold"),
    ])
    func `A tag: becomes its entity`(tag: String, kind: String) throws {
        let end = "</" + tag.dropFirst()
        let parsed = try TelegramHTML.parse("😀 " + tag + "x" + end)
        #expect(parsed.entities == [.init(kind: kind, offset: 3, length: 1)])
    }

    @Test func `Links and languages: kept in their entities`() throws {
        let link = try TelegramHTML.parse(#"<a href="https://e.org/?a=1&amp;b=2">x</a>"#)
        #expect(link.entities.first?.url == "https://e.org/?a=1&b=2")
        let code = try TelegramHTML.parse(#"<pre><code class="language-swift">x</code></pre>"#)
        #expect(code.entities == [.init(kind: "pre", offset: 0, length: 1, language: "swift")])
        #expect(try TelegramHTML.parse(#"<span class="tg-spoiler">x</span>"#).entities.first?.kind == "spoiler")
    }

    @Test func `White space at the ends: removed, and the formatting moves`() throws {
        let parsed = try TelegramHTML.parse("\n <b> a </b>\n").trimmed
        #expect(parsed == FormattedText(text: "a", entities: [.init(kind: "bold", offset: 0, length: 1)]))
    }

    /// As Telegram's own library finds them (TDLib, `find_bot_commands`).
    @Test(arguments: [
        ("/addmachine@rivet_bot or /x, /", [0, 21, 25, 2]), ("/A-103", [0, 2]), ("/07/2291", []), ("/dev/ttyUSB0", []),
        ("a/b", []), ("/µ5", []), ("/skip@x y", []), ("/P@1", []), ("/a@bcd", [0, 6]), ("x\n/skip.", [2, 5]),
    ])
    func `Commands that people type: marked`(_ text: String, _ marks: [Int]) {
        #expect(FormattedText.typed(text).entities.flatMap { [$0.offset, $0.length] } == marks)
    }
}
