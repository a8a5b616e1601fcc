import Logging
import ServiceLifecycle
import ServiceLifecycleTestKit
import Synchronization
import Testing

@testable import ServiceKit

/// The rule under test: no ping without a pulse of every part.
@Suite struct WatchdogTests {
    /// What a watchdog did, in order.
    private final class Record: Sendable {
        private let state = Mutex<[String]>([])
        let steps: AsyncStream<String>
        private let happened: AsyncStream<String>.Continuation

        init() { (steps, happened) = AsyncStream.makeStream() }

        var all: [String] { state.withLock { $0 } }
        func add(_ step: String) {
            state.withLock { $0.append(step) }
            happened.yield(step)
        }
    }

    /// A part that gives a pulse only while the gate is open.
    private final class Gate: Sendable {
        private let state = Mutex((isOpen: true, waiting: [CheckedContinuation<Void, Never>]()))

        func pulse() async {
            await withCheckedContinuation { continuation in
                let isOpen = state.withLock { state in
                    if !state.isOpen { state.waiting.append(continuation) }
                    return state.isOpen
                }
                if isOpen { continuation.resume() }
            }
        }

        func close() { state.withLock { $0.isOpen = false } }
        func open() {
            let waiting = state.withLock { state in
                defer { state = (true, []) }
                return state.waiting
            }
            waiting.forEach { $0.resume() }
        }
    }

    private func watchdog(_ vitals: [Vital], _ record: Record) -> Watchdog {
        Watchdog(
            vitals, deadline: .milliseconds(90), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            ping: { record.add("ping") }, stuck: { record.add("stuck: \($0)") })
    }

    @Test func `Pings: continue until the end`() async throws {
        let record = Record()
        let watchdog = watchdog([Vital("a") {}, Vital("b") {}], record)
        try await testGracefulShutdown { trigger in
            async let run: Void = watchdog.run()
            var pings = 0
            for await _ in record.steps {
                pings += 1
                if pings == 5 { break }
            }
            trigger.triggerGracefulShutdown()
            try await run
        }
        #expect(record.all.allSatisfy { $0 == "ping" })
    }

    @Test func `A stuck part: stops the pings and is named`() async throws {
        let (record, gate) = (Record(), Gate())
        let watchdog = watchdog([Vital("one") {}, Vital("two") { await gate.pulse() }, Vital("three") {}], record)
        try await testGracefulShutdown { trigger in
            async let run: Void = watchdog.run()
            var steps = record.steps.makeAsyncIterator()
            #expect(await steps.next() == "ping")
            gate.close()
            while let step = await steps.next(), step == "ping" {}
            #expect(record.all.last == "stuck: two")
            // Longer than the watchdog needs for any decision here.
            try await Task.sleep(for: .milliseconds(200))
            #expect(record.all.last == "stuck: two")
            gate.open()
            #expect(await steps.next() == "ping")
            trigger.triggerGracefulShutdown()
            try await run
        }
        #expect(record.all.count { $0.hasPrefix("stuck") } == 1)
    }

    @Test func `The end: waits for no pulse`() async throws {
        let (record, gate) = (Record(), Gate())
        gate.close()
        let watchdog = watchdog([Vital("never") { await gate.pulse() }], record)
        try await testGracefulShutdown { trigger in
            async let run: Void = watchdog.run()
            for await _ in record.steps { break }
            trigger.triggerGracefulShutdown()
            try await run
        }
        #expect(record.all == ["stuck: never"])
        gate.open()
    }
}

@Suite struct StatusTests {
    @Test func `A counter: counted over the last minute`() {
        var minute = MinuteCount()
        let start = ContinuousClock.now
        #expect(minute.growth(to: 100, at: start) == 0)
        #expect(minute.growth(to: 110, at: start + .seconds(5)) == 10)
        #expect(minute.growth(to: 160, at: start + .seconds(60)) == 60)
        #expect(minute.growth(to: 160, at: start + .seconds(65)) == 50)
        #expect(minute.growth(to: 160, at: start + .seconds(300)) == 0)
        // The counter started over.
        #expect(minute.growth(to: 1, at: start + .seconds(301)) == 0)
    }

    @Test func `A status: says the state, the recent work and the last failure`() {
        #expect(
            StatusReporter.line("sqlite up", work: "calls", done: 3, lastFailure: nil)
                == "sqlite up; 3 calls in the last minute")
        #expect(
            StatusReporter.line("sqlite up", work: "updates", done: 0, lastFailure: "12:00 a tier is away tier=neon")
                == "sqlite up; 0 updates in the last minute; last trouble 12:00 a tier is away tier=neon")
    }
}
