import ServiceKit
import ServiceLifecycleTestKit
import Synchronization
import Testing

@Suite struct EveryTests {
    /// So long that a test which waits for it would be noticed.
    private static let never = Duration.seconds(3_600)

    private let counter = Counter()

    @Test func `The action: repeated until the service stops`() async throws {
        try await testGracefulShutdown { trigger in
            let every = Every(.milliseconds(1), first: .zero) { [counter] in
                if counter.add() == 3 { trigger.triggerGracefulShutdown() }
            }
            try await every.run()
        }
        #expect(counter.count == 3)
    }

    @Test func `A stop during the wait for the first action: ends the wait`() async throws {
        let every = Every(.milliseconds(1), first: Self.never) { [counter] in _ = counter.add() }
        try await testGracefulShutdown { trigger in
            async let run: Void = every.run()
            trigger.triggerGracefulShutdown()
            try await run
        }
        #expect(counter.count == 0)
    }

    @Test func `A stop during the wait between actions: ends the wait`() async throws {
        let (acted, action) = AsyncStream.makeStream(of: Void.self)
        let every = Every(Self.never, first: .zero) { action.yield() }
        try await testGracefulShutdown { trigger in
            async let run: Void = every.run()
            for await _ in acted { break }
            trigger.triggerGracefulShutdown()
            try await run
        }
    }

    @Test func `A stop before the first action: no action follows`() async throws {
        let every = Every(.milliseconds(1), first: .zero) { [counter] in _ = counter.add() }
        try await testGracefulShutdown { trigger in
            trigger.triggerGracefulShutdown()
            try await every.run()
        }
        #expect(counter.count == 0)
    }

    @Test func `A canceled task: ends`() async throws {
        let every = Every(Self.never, first: Self.never) {}
        let task = Task { try await every.run() }
        task.cancel()
        try await task.value
    }
}

private final class Counter: Sendable {
    private let value = Mutex(0)

    var count: Int { value.withLock { $0 } }

    func add() -> Int {
        value.withLock { value in
            value += 1
            return value
        }
    }
}
