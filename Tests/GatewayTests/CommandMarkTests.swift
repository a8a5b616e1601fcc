import TelegramBotAPI
import Testing

@testable import Gateway

@Suite struct CommandMarkTests {
    @Test(arguments: [
        ("/skip", "/skip"), ("/skip 2", "/skip"), ("/skip@rivet_bot x", "/skip@rivet_bot"), ("/A-103", "/A"),
        ("/3~400V", "/3"),
        ("/skip.", "/skip"), ("/a_b\nc", "/a_b"),
    ])
    func `A command: marked as far as Telegram marks it`(_ text: String, _ marked: String) {
        #expect(CommandMark.command(of: text, entities: nil).map(String.init) == marked)
    }

    @Test(arguments: [
        "/07/2291", "/dev/ttyUSB0", "//server/share", "/µ5", "/скип", "/", "/ skip", "text /skip", "/skipé", "/skip>",
        "",
        "/" + String(repeating: "x", count: 65),
    ])
    func `Other texts with a slash: not marked`(_ text: String) {
        #expect(CommandMark.command(of: text, entities: nil) == nil)
    }

    @Test func `A text that is code: no command`() {
        let code = MessageEntity(type: "code", offset: 0, length: 5)
        let command = MessageEntity(type: "bot_command", offset: 0, length: 5)
        let later = MessageEntity(type: "url", offset: 6, length: 4)
        #expect(CommandMark.command(of: "/skip", entities: [code]) == nil)
        #expect(CommandMark.command(of: "/skip", entities: [command]) == "/skip")
        // Telegram's marks are what counts, if it gives any.
        #expect(CommandMark.command(of: "/skip a.de", entities: [later]) == nil)
        #expect(CommandMark.command(of: "/skip a.de", entities: []) == "/skip")
    }
}
