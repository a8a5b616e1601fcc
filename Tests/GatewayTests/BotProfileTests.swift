import Contracts
import Dialogue
import Foundation
import Logging
import TelegramBotAPI
import TestSupport
import Testing

@testable import Gateway

@Suite struct BotProfileTests {
    private let telegram = FakeTelegram()
    private let directory: TestDirectory

    init() throws { directory = try TestDirectory() }

    private func profile(_ botID: Int64? = 7) throws -> BotProfile {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let bot = TelegramBot(
            baseURL: "http://telegram", token: try BotToken("7:a"), transport: telegram, logger: logger)
        return BotProfile(
            bot: bot, botID: botID, path: directory.path + "/gateway.bot", texts: English(), logger: logger)
    }

    private func answer(_ name: String) {
        let me = #"{"ok":true,"result":{"id":7,"is_bot":true,"first_name":"Rivet","username":"\#(name)"}}"#
        telegram.answerNext("getMe", .response(status: 200, body: Array(me.utf8)))
    }

    private func run(_ profile: BotProfile, until isDone: @escaping @Sendable () -> Bool) async throws {
        let task = Task { await profile.run() }
        try await eventually("Telegram has responded") { isDone() }
        task.cancel()
        await task.value
    }

    @Test func `The name: kept for the next process of the same bot`() async throws {
        let first = try profile()
        #expect(first.botName == nil)
        answer("rivet_bot")
        try await run(first) { first.botName != nil }
        #expect(first.botName == "rivet_bot")
        #expect(try profile().botName == "rivet_bot")
        #expect(try profile(8).botName == nil && profile(nil).botName == nil)
    }

    @Test func `The name and the menu: asked for and set at each start, also if the name is known`() async throws {
        try "7 old_name".write(toFile: directory.path + "/gateway.bot", atomically: true, encoding: .utf8)
        let profile = try profile()
        #expect(profile.botName == "old_name")
        answer("new_name")
        let telegram = telegram
        try await run(profile) { telegram.calls(of: "setMyCommands").count == 1 }
        #expect(profile.botName == "new_name" && telegram.calls(of: "getMe").count == 1)
    }

    @Test(arguments: ["", "7", "seven rivet_bot", "7 a b"]) func `A note that cannot be read: no name`(_ note: String)
        throws
    {
        try note.write(toFile: directory.path + "/gateway.bot", atomically: true, encoding: .utf8)
        #expect(try profile().botName == nil)
    }
}
