import TelegramBotAPI
import Testing

@Suite struct BotServerURLTests {
    @Test(arguments: [
        ("https://api.telegram.org", "https://api.telegram.org", "https://api.telegram.org"),
        ("https://api.telegram.org/", "https://api.telegram.org", "https://api.telegram.org"),
        ("http://127.0.0.1:8081", "http://127.0.0.1:8081", "http://127.0.0.1:8081"),
        ("http://[::1]:8081//", "http://[::1]:8081", "http://[::1]:8081"), ("HTTP://h", "http://h", "http://h"),
        ("https://h/hidden/path/", "https://h/hidden/path", "https://h"),
        ("http://[::1]", "http://[::1]", "http://[::1]"),
    ])
    func `A server's URL: called whole, and shown without its path`(_ text: String, _ url: String, _ shown: String)
        throws
    {
        let server = try BotServerURL(text)
        #expect(server.text == url && "\(server)" == shown && String(reflecting: server) == shown)
        var dumped = ""
        dump(server, to: &dumped)
        #expect(!dumped.contains("hidden"))
    }

    @Test(
        arguments: [
            ("", .scheme), ("ftp://x", .scheme), ("127.0.0.1:80", .scheme), ("https://", .host), ("http:///x", .host),
            ("http://:80", .host), ("http://u:hush@h", .userInfo), ("http://hush@h/x", .userInfo),
            ("http://h/?a=hush", .query),
            ("http://h#hush", .query), ("http://h hush", .character), ("http://h\r\nhush", .character),
            ("http://\u{E4}", .character),
            ("http://h:0", .port), ("http://h:65536", .port), ("http://h:", .port), ("http://h:hush", .port),
            ("http://1:AAhush", .port), ("http://h:99999999999999999999", .port), ("http://h:1:2", .port),
            ("https://api.telegram.org/bot1:hush", .token), ("https://h/x/BOT1:hush/getMe", .token),
            ("http://h\\x", .character),
        ] as [(String, BotServerURL.Malformed)])
    func `Any other text: refused by its kind, and not shown`(_ text: String, _ kind: BotServerURL.Malformed) {
        let error = #expect(throws: BotServerURL.Malformed.self) { try BotServerURL(text) }
        #expect(error == kind)
        #expect(error?.description.contains("hush") == false)
    }
}
