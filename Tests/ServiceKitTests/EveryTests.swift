import ServiceKit
import ServiceLifecycleTestKit
import Synchronization
import Testing

@Suite struct EveryTests {
    /// So long that a test which waits for it is noticed.
    private static let never = Duration.seconds(3_600)

    private let turns = Turns()

    @Test func itActsAgainAndAgainUntilTheServiceStops() async throws {
        try await testGracefulShutdown { trigger in
            let every = Every(.milliseconds(1), first: .zero) { [turns] in
                if turns.add() == 3 { trigger.triggerGracefulShutdown() }
            }
            try await every.run()
        }
        #expect(turns.count == 3)
    }

    @Test func aStopEndsTheWaitForTheFirstTurn() async throws {
        let every = Every(.milliseconds(1), first: Self.never) { [turns] in _ = turns.add() }
        try await testGracefulShutdown { trigger in
            async let run: Void = every.run()
            trigger.triggerGracefulShutdown()
            try await run
        }
        #expect(turns.count == 0)
    }

    @Test func aStopEndsTheWaitBetweenTurns() async throws {
        let (acted, action) = AsyncStream.makeStream(of: Void.self)
        let every = Every(Self.never, first: .zero) { action.yield() }
        try await testGracefulShutdown { trigger in
            async let run: Void = every.run()
            for await _ in acted { break }
            trigger.triggerGracefulShutdown()
            try await run
        }
    }

    @Test func afterAStopThereIsNoTurn() async throws {
        let every = Every(.milliseconds(1), first: .zero) { [turns] in _ = turns.add() }
        try await testGracefulShutdown { trigger in
            trigger.triggerGracefulShutdown()
            try await every.run()
        }
        #expect(turns.count == 0)
    }

    @Test func aCancelledTaskEnds() async throws {
        let every = Every(Self.never, first: Self.never) {}
        let task = Task { try await every.run() }
        task.cancel()
        try await task.value
    }
}

private final class Turns: Sendable {
    private let value = Mutex(0)

    var count: Int { value.withLock { $0 } }

    func add() -> Int {
        value.withLock { value in
            value += 1
            return value
        }
    }
}
