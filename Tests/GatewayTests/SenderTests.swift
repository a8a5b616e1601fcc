import Contracts
import Dialogue
import Logging
import Sending
import Synchronization
import TelegramBotAPI
import TestSupport
import Testing

@testable import Gateway

/// How the sender performs the queue's actions with Telegram and the state-service.
@Suite(.timeLimit(.minutes(1))) struct SenderTests {
    private static let now = Timestamp(milliseconds: 1_795_000_000_000)

    private let services = FakeServices()
    private let telegram = FakeTelegram()
    private let counters = Counters()

    private func sender() throws -> Sender<FakeServices> {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let bot = TelegramBot(
            baseURL: "http://telegram", token: try BotToken("1:a"), transport: telegram, logger: logger)
        // However slow the machine is, sends in progress are not stored because of it.
        var times = SendTimes()
        times.storeInFlightAfter = .seconds(3_600)
        times.storeBusyAfter = .seconds(3_600)
        return Sender(
            calls: services, bot: bot, limits: .telegram, times: times,
            directory: GroupDirectory(calls: services, logger: logger, now: { Self.now }), counters: counters,
            logger: logger,
            now: { Self.now })
    }

    /// Runs a sender while `body` runs.
    private func withSender(_ body: (Sender<FakeServices>) async throws -> Void) async throws {
        let sender = try sender()
        try await withThrowingTaskGroup { group in
            group.addTask { await sender.run() }
            try await body(sender)
            group.cancelAll()
        }
    }

    private func reply(_ updateID: Int64, chat: Int64 = 5, replaces: Int64? = nil) -> OutgoingReply {
        OutgoingReply(
            updateID: updateID, chatID: chat, threadID: nil, isGroup: false, html: "<b>\(updateID)</b>",
            plainText: "\(updateID)", buttons: [], replyTo: nil, replaces: replaces, queuedAt: Self.now,
            receivedAt: Self.now)
    }

    private func lane(_ chat: Int64) -> LaneKey { LaneKey(userID: chat, chatID: chat) }

    private func stored(_ chat: Int64) -> [(reply: OutgoingReply, tries: Int)] {
        guard let row = services.row(lane(chat), ConversationKey.outbox), row.isOpen else { return [] }
        return OutboxRow.replies(row.data)
    }

    @Test func `A reply within the limits: sent, and not stored`() async throws {
        try await withSender { sender in
            #expect(await sender.deliver(reply(1), to: lane(5)) == .sent)
            #expect(telegram.calls.map(\.method) == ["sendMessage"])
            #expect(telegram.calls.first?.parameters["text"] == "<b>1</b>")
            #expect(telegram.calls.first?.parameters["chat_id"] == 5)
            #expect(services.content.withLock { $0.log } == ["state.list"])
            #expect(counters.all["replies.sent"] == 1 && counters.all["replies.queued"] == 0)
            #expect(sender.laneCount == 0 && sender.oldestQueuedAt == nil)
        }
    }

    @Test func `A reply over the limits: stored first, sent later, and cleared`() async throws {
        try await withSender { sender in
            for chat in 1...30 as ClosedRange<Int64> {
                sender.handOver(reply(chat, chat: chat), to: lane(chat)) { _ in }
            }
            #expect(await sender.deliver(reply(31, chat: 31), to: lane(31)) == .stored)
            #expect(stored(31).map(\.reply) == [reply(31, chat: 31)])
            #expect(await sender.owes(lane(31)))
            try await eventually("it is sent, and its row is cleared") {
                telegram.calls.count == 31 && stored(31).isEmpty
            }
            #expect(counters.all["replies.sent"] == 31 && counters.all["replies.queued"] == 1)
        }
    }

    @Test func `A row of an earlier process: sent and cleared, even one of an earlier version`() async throws {
        for chat in 1...2 as ClosedRange<Int64> {
            guard case .object(var members) = reply(chat, chat: chat).json else { return }
            if chat == 2 { members["replaces"] = nil }
            let data: [String: JSONValue] = ["replies": [.object(members)]]
            let save = StateSave.Params(
                key: lane(chat).conversation(ConversationKey.outbox), step: "queued", data: data)
            _ = try await services.call(StateSave.self, save)
        }
        try await withSender { _ in
            try await eventually("both are sent") { telegram.calls(of: "sendMessage").count == 2 }
            try await eventually("both rows are cleared") { stored(1).isEmpty && stored(2).isEmpty }
        }
    }

    @Test func `A reply while only memory stores: unresolved until a durable tier has it`() async throws {
        services.content.withLock { $0.isStateDurable = false }
        telegram.answerNext("sendMessage", error: 429, "Too Many Requests: retry after 1000")
        try await withSender { sender in
            let resolution = Mutex<SendResolution?>(nil)
            sender.handOver(reply(1), to: lane(5)) { result in resolution.withLock { $0 = result } }
            try await eventually("it is in memory") { !stored(5).isEmpty }
            #expect(resolution.withLock { $0 } == nil)
            services.content.withLock { $0.isStateDurable = true }
            try await eventually("it is resolved as stored") { resolution.withLock { $0 } == .stored }
        }
    }

    @Test(arguments: [(400, "Bad Request: message can't be edited"), (400, "Bad Request: SOMETHING_NEW")])
    func `An edit that Telegram refuses: sent as a new message`(_ code: Int, _ description: String) async throws {
        telegram.answerNext("editMessageText", error: code, description)
        try await withSender { sender in
            #expect(await sender.deliver(reply(1, replaces: 9), to: lane(5)) == .sent)
            #expect(telegram.calls.map(\.method) == ["editMessageText", "sendMessage"])
            #expect(telegram.calls.last?.parameters["text"] == "<b>1</b>")
        }
    }

    @Test func `Markup that Telegram refuses: sent as plain text`() async throws {
        telegram.answerNext("sendMessage", error: 400, "Bad Request: can't parse entities: Unsupported start tag")
        try await withSender { sender in
            #expect(await sender.deliver(reply(1), to: lane(5)) == .sent)
            #expect(telegram.calls.last?.parameters["text"] == "1")
            #expect(telegram.calls.last?.parameters["parse_mode"] == nil)
        }
    }

    @Test func `A tap: acknowledged while earlier rows are not known yet`() async throws {
        services.content.withLock { $0.failure = (0, false) }
        let turn = Turn(
            updateID: 1, lane: lane(5), isGroup: false, messageID: nil, request: .nothing,
            tap: .init(queryID: "q", messageID: 9))
        try await withSender { sender in
            sender.answer(.init(queryID: "q", messageID: 9), of: turn, text: "done")
            try await eventually("it is acknowledged") { telegram.calls(of: "answerCallbackQuery").count == 1 }
            #expect(telegram.calls.first?.parameters["text"] == "done")
        }
    }

    @Test func `A stop while Telegram does not respond: every caller gets a resolution`() async throws {
        telegram.hang("sendMessage")
        let sender = try sender()
        let resolutions = Mutex<[SendResolution]>([])
        await withTaskGroup { group in
            group.addTask { await sender.run() }
            sender.handOver(reply(1), to: lane(5)) { result in resolutions.withLock { $0.append(result) } }
            sender.handOver(reply(2), to: lane(5)) { result in resolutions.withLock { $0.append(result) } }
            group.addTask { await sender.finish() }
            group.cancelAll()
        }
        await sender.finish()
        #expect(await sender.deliver(reply(3), to: lane(6)) == .stopping)
        #expect(resolutions.withLock { $0.count } == 2)
    }

    @Test func `A stop: waits for sends in progress, and for their rows`() async throws {
        try await withSender { sender in
            for chat in 1...30 as ClosedRange<Int64> {
                sender.handOver(reply(chat, chat: chat), to: lane(chat)) { _ in }
            }
            #expect(await sender.deliver(reply(31, chat: 31), to: lane(31)) == .stored)
            await sender.finish()
            // The try was counted in advance, and the count was taken back.
            #expect(stored(31).map(\.tries) == [0] || telegram.calls.count == 31)
        }
    }
}
