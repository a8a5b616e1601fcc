import Testing

@testable import TelegramBotAPI

@Suite struct BotTokenTests {
    @Test(arguments: ["1:a", "123456:ABC-def_09", "7000000001:AAFakeTokenForTheSimulatorOnly_0123", "0:-_"])
    func `A token: digits, a colon, and letters, digits, underscores or hyphens`(_ text: String) throws {
        #expect(try BotToken(text).pathSegment == text)
    }

    @Test(
        arguments: [
            ("", nil), (":", nil), ("123", nil), ("123:", nil), (":abc", nil), ("a:b", nil), ("1:a:b", nil),
            ("1:a.b", nil),
            ("1:a%", nil), ("1:\u{E4}", nil), ("\u{661}:a", nil), ("1:a\u{200B}", nil), ("1:a\0", nil), ("+1:a", nil),
            ("1:a[", nil), ("1:a@", nil), ("1:a`", .quotes), ("bot123:abc", .bot), ("BOT1:a", .bot),
            ("@rivet_bot", .name),
            ("\"1:a\"", .quotes), ("'1:a'", .quotes), ("https://api.telegram.org/bot1:a/getMe", .url),
            ("1:a 2:b", .blank),
            ("1:a\r\n2:b", .blank), (" 1:a", .blank),
        ] as [(String, MalformedBotToken.Slip?)])
    func `Any other text: no token, and the likely slip is named`(_ text: String, _ slip: MalformedBotToken.Slip?) {
        let error = #expect(throws: MalformedBotToken.self) { try BotToken(text) }
        #expect(error?.slip == slip)
        let line = error?.description ?? ""
        #expect(line.hasPrefix("the token that @BotFather gave: digits, a colon"))
        #expect(!line.contains("123") && !line.contains("abc") && !line.contains("\n"))
    }
}
