import Logging
import Synchronization

/// Keeps the updates with effects that only memory has, and settles each when a durable tier has its effects.
final class VolatileEffects<Calls: ServiceCalls>: Sendable {
    static var interval: Duration { .seconds(2) }

    private struct Pending {
        var turn: Turn
        var effects: [VolatileEffect]
    }

    private let calls: Calls
    private let board: StatusBoard
    private let logger: Logger
    private let settled: @Sendable (Int64) -> Void
    private let again: @Sendable (Turn) async -> Void
    /// In the order in which the updates took effect. The source of updates bounds how many are unsettled.
    private let pending = Mutex<[Pending]>([])
    private let wakes: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation

    /// - Parameter again: handles a turn in its lane once more.
    init(
        calls: Calls, board: StatusBoard, logger: Logger, settled: @escaping @Sendable (Int64) -> Void,
        again: @escaping @Sendable (Turn) async -> Void
    ) {
        self.calls = calls
        self.board = board
        self.logger = logger
        self.settled = settled
        self.again = again
        (wakes, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func add(_ effects: [VolatileEffect], of turn: Turn) {
        board.volatileUpdates(
            pending.withLock { pending in
                pending.append(Pending(turn: turn, effects: effects))
                return pending.count
            })
        wake.yield()
    }

    /// Runs until cancelled. Asks every two seconds while an effect is volatile, and sleeps otherwise.
    func run() async {
        for await _ in wakes {
            while !Task.isCancelled, !pending.withLock({ $0.isEmpty }) {
                try? await Task.sleep(for: Self.interval)
                if !Task.isCancelled { await round() }
            }
        }
    }

    /// Asks once for each effect. A peer that has not made one effect durable is not asked for the later ones.
    private func round() async {
        var unable: Set<ServiceName> = []
        for entry in pending.withLock({ $0 }) where unable.count < ServiceName.allCases.count {
            var left: [VolatileEffect] = []
            var goesAgain = false
            for effect in entry.effects where !goesAgain {
                guard !unable.contains(effect.service) else {
                    left.append(effect)
                    continue
                }
                do {
                    switch try await effect.status(calls) {
                    case .durable: break
                    case .volatile:
                        unable.insert(effect.service)
                        left.append(effect)
                    case .unclear: goesAgain = true
                    case .lost:
                        goesAgain = true
                        logger.warning(
                            "memory lost the effect of an update; the update is handled again",
                            metadata: entry.turn.logMetadata)
                    }
                } catch {
                    unable.insert(effect.service)
                    left.append(effect)
                }
            }
            await update(entry.turn, left, goesAgain: goesAgain)
        }
    }

    private func update(_ turn: Turn, _ left: [VolatileEffect], goesAgain: Bool) async {
        let isOver = goesAgain || left.isEmpty
        board.volatileUpdates(
            pending.withLock { pending in
                guard let index = pending.firstIndex(where: { $0.turn.updateID == turn.updateID }) else {
                    return pending.count
                }
                if isOver { pending.remove(at: index) } else { pending[index].effects = left }
                return pending.count
            })
        if goesAgain {
            await again(turn)
        } else if isOver {
            settled(turn.updateID)
        }
    }
}
