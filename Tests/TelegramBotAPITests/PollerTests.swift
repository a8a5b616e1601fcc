import Foundation
import Logging
import Synchronization
import Testing

@testable import TelegramBotAPI

@Suite(.timeLimit(.minutes(1)))
struct UpdatePollerTests {
    /// A running poller, its transport, its time, and the updates and statuses that it passed on.
    private struct Bench: Sendable {
        let transport = ScriptedTransport()
        let time = JumpingTime()
        let handled = Log<Int64>()
        let statuses = Log<PollerStatus>()
        let answers = Log<Bool>()
        let poller: UpdatePoller

        init(limits: PollSchedule.Limits = PollSchedule.Limits()) throws {
            let (statuses, answers) = (statuses, answers)
            poller = UpdatePoller(
                bot: TelegramBot(
                    baseURL: "http://x", token: try BotToken("1:abcdef"), transport: transport,
                    logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }),
                limits: limits, time: time.poller, statusChanged: { statuses.append($0) },
                answered: { answers.append($0) })
        }

        func run(_ test: () async throws -> Void) async rethrows {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await poller.run { handled.append($0.id) } }
                defer { poller.stop() }
                try await test()
            }
        }
    }

    @Test func `A full batch: may not be all that Telegram has`() async throws {
        var limits = PollSchedule.Limits()
        limits.batchMax = 2
        let bench = try Bench(limits: limits)
        await bench.run {
            bench.transport.answer(await bench.transport.call(), [5, 6])
            await bench.answers.reached(1)
            #expect(bench.handled.all == [5, 6])
            for id: Int64 in [5, 6] { bench.poller.settled(id) }
            bench.transport.answer(await bench.transport.call(), [7])
            await bench.answers.reached(2)
            #expect(bench.answers.all == [false, true])
        }
    }

    @Test func `Unsettled updates: not confirmed, and settled ones are`() async throws {
        let bench = try Bench()
        await bench.run {
            let first = await bench.transport.call()
            #expect(first.offset == nil && first.timeout == 0 && first.limit == 100)
            bench.transport.answer(first, [5, 6])
            let second = await bench.transport.call()
            #expect(second.offset == nil && second.timeout == 50)
            #expect(bench.time.now >= .seconds(1))
            bench.poller.settled(6)
            bench.transport.answer(second, [5, 6, 7])
            let third = await bench.transport.call()
            #expect(third.offset == nil)
            bench.poller.settled(5)
            bench.transport.answer(third, [5, 6, 7])
            let fourth = await bench.transport.call()
            #expect(fourth.offset == 7)
            #expect(bench.handled.all == [5, 6, 7])
            #expect(bench.poller.unsettledCount == 1)
            #expect(bench.statuses.all == [.polling])
        }
    }

    @Test func `A settled update: confirmed at once`() async throws {
        let bench = try Bench()
        await bench.run {
            let first = await bench.transport.call()
            bench.time.freeze()
            bench.transport.answer(first, [5])
            await bench.handled.reached(1)
            bench.poller.settled(5)
            // This needs no wait: the time is frozen.
            #expect(await bench.transport.call().offset == 6)
        }
    }

    @Test func `A poll: overdue when it lasts longer than its own timeout`() async throws {
        let bench = try Bench()
        await bench.run {
            // A probe: it asks the server for no wait, and the transport gives it 15 s.
            let first = await bench.transport.call()
            bench.time.advance(by: .seconds(25))
            #expect(!bench.poller.isOverdue)
            bench.time.advance(by: .milliseconds(1))
            #expect(bench.poller.isOverdue)
            bench.transport.answer(first, [])
            let second = await bench.transport.call()
            #expect(second.timeout == 50 && !bench.poller.isOverdue)
            bench.time.advance(by: .seconds(75))
            #expect(!bench.poller.isOverdue)
            bench.time.advance(by: .milliseconds(1))
            #expect(bench.poller.isOverdue)
            // A poll that fails ends, too: a server that is away does not mean that the loop is stuck.
            bench.transport.fail(second)
            _ = await bench.transport.call()
            #expect(!bench.poller.isOverdue)
        }
        #expect(!bench.poller.isOverdue)
    }

    @Test func `A poller that waits for updates to settle: not overdue`() async throws {
        var limits = PollSchedule.Limits()
        limits.unsettledMax = 1
        let bench = try Bench(limits: limits)
        await bench.run {
            bench.transport.answer(await bench.transport.call(), [5])
            await bench.handled.reached(1)
            while bench.poller.isOverdue { await Task.yield() }
            bench.time.advance(by: .seconds(86_400))
            #expect(!bench.poller.isOverdue)
            bench.poller.settled(5)
            #expect(await bench.transport.call().offset == 6)
        }
    }

    @Test func `The same offset: not polled twice within half a second`() async throws {
        let bench = try Bench()
        await bench.run {
            for round in 0..<5 {
                let call = await bench.transport.call()
                #expect(bench.time.now == .milliseconds(500) * round)
                bench.transport.answer(call, [])
            }
        }
    }

    @Test func `IDs that jump down: handled and confirmed`() async throws {
        let bench = try Bench()
        await bench.run {
            bench.transport.answer(await bench.transport.call(), [900])
            await bench.handled.reached(1)
            bench.poller.settled(900)
            var call = await bench.transport.call()
            if call.offset == nil {
                bench.transport.answer(call, [900])
                call = await bench.transport.call()
            }
            #expect(call.offset == 901)
            bench.transport.answer(call, [3])
            await bench.handled.reached(2)
            bench.poller.settled(3)
            call = await bench.transport.call()
            if call.offset == 901 {
                bench.transport.answer(call, [3])
                call = await bench.transport.call()
            }
            #expect(call.offset == 4)
            #expect(bench.handled.all == [900, 3])
        }
    }

    @Test func `Refusals: reported, and polling continues`() async throws {
        let bench = try Bench()
        await bench.run {
            bench.transport.refuse(await bench.transport.call(), 409)
            bench.transport.refuse(await bench.transport.call(), 401)
            bench.transport.fail(await bench.transport.call())
            let before = bench.time.now
            bench.transport.refuse(await bench.transport.call(), 429, #"{"retry_after":40}"#)
            let call = await bench.transport.call()
            #expect(bench.time.now >= before + .seconds(40))
            #expect(call.timeout == 0)
            bench.transport.answer(call, [1])
            await bench.handled.reached(1)
            #expect(bench.handled.all == [1])
            #expect(
                bench.statuses.all == [
                    .conflict, .unauthorized, .unreachable("not sent (no connection)"), .paused(.seconds(40)), .polling,
                ])
        }
    }

    @Test func `Backing off: capped, and never a busy loop`() async throws {
        let bench = try Bench()
        await bench.run {
            var last: Duration = .zero
            for round in 0..<50 {
                let call = await bench.transport.call()
                let wait = bench.time.now - last
                #expect(round == 0 || wait >= .milliseconds(500) && wait <= .seconds(30))
                last = bench.time.now
                bench.transport.refuse(call, 502)
            }
        }
    }

    @Test func `At the bound of unsettled updates: no poll`() async throws {
        var limits = PollSchedule.Limits()
        limits.unsettledMax = 2
        var schedule = PollSchedule(limits: limits)
        schedule.pollStarted(offset: nil, now: .zero)
        #expect(schedule.pollAnswered([1, 2]) == [1, 2])
        #expect(schedule.nextAction(now: .seconds(100)) == .waitForSettled)
        #expect(schedule.settled(2) == true)
        #expect(schedule.nextAction(now: .seconds(100)) == .poll(offset: nil, timeout: .seconds(50)))
    }

    @Test func `A stop: aborts the poll, and the last call confirms`() async throws {
        let bench = try Bench()
        await bench.run {
            bench.transport.answer(await bench.transport.call(), [5, 6])
            await bench.handled.reached(2)
            _ = await bench.transport.call()
        }
        await bench.poller.confirmSettled()
        bench.poller.settled(5)
        bench.time.freeze()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await bench.poller.confirmSettled() }
            let call = await bench.transport.call()
            #expect(call.offset == 6 && call.limit == 1 && call.timeout == 0)
            bench.transport.answer(call, [6])
        }
        // One confirmation is enough: this makes no call, so it returns although no response comes.
        await bench.poller.confirmSettled()
        #expect(bench.handled.all == [5, 6])
    }

    @Test func `The last call: given up at its deadline`() async throws {
        let bench = try Bench()
        await bench.run {
            bench.transport.answer(await bench.transport.call(), [5])
            await bench.handled.reached(1)
        }
        bench.poller.settled(5)
        await bench.poller.confirmSettled()
    }

    @Test func `A whole round over a real connection: every update handled and confirmed`() async throws {
        let queue = Mutex<[Int64]>([7, 8, 3])
        let server = try LoopbackServer { request in
            let body = (try? JSONSerialization.jsonObject(with: Data(request.body.utf8))) as? [String: Any] ?? [:]
            let left = queue.withLock { queue in
                if let offset = body["offset"] as? Int {
                    queue = queue.firstIndex(of: Int64(offset - 1)).map { Array(queue[($0 + 1)...]) } ?? queue
                }
                return queue
            }
            if left.isEmpty { return .hold }
            return .ok("[\(left.map { #"{"update_id":\#($0)}"# }.joined(separator: ","))]")
        }
        defer { server.stop() }
        let poller = UpdatePoller(
            bot: TelegramBot(
                baseURL: server.url, token: try BotToken("1:abcdef"), transport: CurlTransport(),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }))
        let handled = Log<Int64>()
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await poller.run { update in
                    handled.append(update.id)
                    poller.settled(update.id)
                }
            }
            await server.reached(requests: 2)
            poller.stop()
        }
        await server.reached(gone: 1)
        #expect(handled.all == [7, 8, 3])
        #expect(queue.withLock { $0 } == [])
    }
}

/// Entries in the order in which they were added, and a way to wait for their number.
final class Log<Entry: Sendable>: Sendable {
    private let state = Mutex<(entries: [Entry], waiters: [(count: Int, CheckedContinuation<Void, Never>)])>(([], []))

    var all: [Entry] { state.withLock { $0.entries } }

    func append(_ entry: Entry) {
        let met = state.withLock { state in
            state.entries.append(entry)
            let count = state.entries.count
            let met = state.waiters.filter { $0.count <= count }.map(\.1)
            state.waiters.removeAll { $0.count <= count }
            return met
        }
        for continuation in met { continuation.resume() }
    }

    func reached(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isMet = state.withLock { state in
                if state.entries.count >= count { return true }
                state.waiters.append((count, continuation))
                return false
            }
            if isMet { continuation.resume() }
        }
    }
}
