import Contracts
import Testing

@testable import TelegramSimulator

@Suite(.timeLimit(.minutes(1))) struct FaultTests {
    private let hello: [String: JSONValue] = ["chat_id": 42, "text": "hello"]

    private func withBot(_ body: (TelegramSimulator, BotClient) async throws -> Void) async throws {
        let simulator = TelegramSimulator()
        try await simulator.start()
        await simulator.user(42, firstName: "Ada")
        try await body(simulator, await BotClient(simulator))
        await simulator.stop()
    }

    @Test(arguments: [
        (SimulatedFault.internalError, 500), (.badGateway, 502), (.unauthorized, 401), (.blocked, 403),
        (.conflict, 409), (.badRequest("message to edit not found"), 400),
        (.tooManyRequests(retryAfterSeconds: 7), 429),
    ])
    func `A status fault: the call has no effect`(fault: SimulatedFault, status: Int) async throws {
        try await withBot { telegram, bot in
            await telegram.failNext("sendMessage", with: fault)
            let answer = try await bot.call("sendMessage", hello)
            #expect(answer.status == status)
            if status == 429 { #expect(answer.json?["parameters"] == ["retry_after": 7]) }
            if status == 502 { #expect(answer.json == nil) }
            #expect(await telegram.botMessageCount(in: 42) == 0)
            #expect(try await bot.call("sendMessage", hello).status == 200)
            #expect(await telegram.requests("sendMessage") == 2)
        }
    }

    @Test(arguments: [SimulatedFault.closeAfterProcessing, .truncated])
    func `A lost response: the effect stays`(fault: SimulatedFault) async throws {
        try await withBot { telegram, bot in
            await telegram.failNext("sendMessage", with: fault)
            await #expect(throws: (any Error).self) { try await bot.call("sendMessage", hello) }
            #expect(await telegram.allBotMessages(in: 42).map(\.text) == ["hello"])
        }
    }

    @Test func `A 502 after processing: the effect stays`() async throws {
        try await withBot { telegram, bot in
            await telegram.failNext("sendMessage", with: .badGatewayAfterProcessing)
            let answer = try await bot.call("sendMessage", hello)
            #expect(answer.status == 502 && answer.json == nil)
            #expect(await telegram.allBotMessages(in: 42).map(\.text) == ["hello"])
        }
    }

    @Test func `A connection closed before reading: the call has no effect`() async throws {
        try await withBot { telegram, bot in
            await telegram.fail("sendMessage", with: .closeBeforeReading)
            await #expect(throws: (any Error).self) { try await bot.call("sendMessage", hello) }
            await telegram.heal("sendMessage")
            #expect(await telegram.botMessageCount(in: 42) == 0)
        }
    }

    @Test func `A garbage response: no JSON`() async throws {
        try await withBot { telegram, bot in
            await telegram.failNext("sendMessage", with: .garbage)
            let answer = try await bot.call("sendMessage", hello)
            #expect(answer.status == 200 && answer.json == nil)
        }
    }

    @Test func `A delayed call: takes effect at once`() async throws {
        try await withBot { telegram, bot in
            await telegram.failNext("sendMessage", with: .delay(.seconds(30)))
            let call = Task { try await bot.call("sendMessage", hello) }
            let message = try await telegram.nextBotMessage(in: 42)
            #expect(message.text == "hello")
            call.cancel()
            await #expect(throws: (any Error).self) { try await call.value }
        }
    }

    @Test func `A hanging call: has no effect`() async throws {
        try await withBot { telegram, bot in
            await telegram.failNext("sendMessage", with: .hang)
            let call = Task { try await bot.call("sendMessage", hello) }
            try await telegram.waitForRequests("sendMessage", count: 1)
            call.cancel()
            await #expect(throws: (any Error).self) { try await call.value }
            #expect(await telegram.botMessageCount(in: 42) == 0)
        }
    }

    @Test func `A fault during a body: ends with it`() async throws {
        try await withBot { telegram, bot in
            let status = try await telegram.failing("getMe", with: .internalError) {
                try await bot.call("getMe").status
            }
            #expect(status == 500)
            #expect(try await bot.call("getMe").status == 200)
        }
    }
}
