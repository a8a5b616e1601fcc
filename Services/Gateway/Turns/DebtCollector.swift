import Logging
import Synchronization

/// Holds the updates whose effect only memory has, and settles them when a durable tier has it.
final class DebtCollector<Calls: ServiceCalls>: Sendable {
    static var interval: Duration { .seconds(2) }

    private struct Owed {
        var turn: Turn
        var debts: [Debt]
    }

    private let calls: Calls
    private let board: StatusBoard
    private let logger: Logger
    private let settled: @Sendable (Int64) -> Void
    private let again: @Sendable (Turn) async -> Void
    /// In the order of their updates' effects. Their source bounds how many updates are unsettled.
    private let owed = Mutex<[Owed]>([])
    private let wakes: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation

    /// - Parameter again: has a turn go through its lane once more.
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

    func owe(_ debts: [Debt], for turn: Turn) {
        board.owes(
            owed.withLock { owed in
                owed.append(Owed(turn: turn, debts: debts))
                return owed.count
            })
        wake.yield()
    }

    /// Asks every two seconds while anything is owed; sleeps otherwise. Until cancelled.
    func run() async {
        for await _ in wakes {
            while !Task.isCancelled, !owed.withLock({ $0.isEmpty }) {
                try? await Task.sleep(for: Self.interval)
                if !Task.isCancelled { await round() }
            }
        }
    }

    /// A service that still owes one effect is not asked for the later ones.
    private func round() async {
        var unable: Set<ServiceName> = []
        for entry in owed.withLock({ $0 }) where unable.count < ServiceName.allCases.count {
            var left: [Debt] = []
            var goesAgain = false
            for debt in entry.debts where !goesAgain {
                guard !unable.contains(debt.service) else {
                    left.append(debt)
                    continue
                }
                do {
                    switch try await debt.standing(calls) {
                    case .paid: break
                    case .owed:
                        unable.insert(debt.service)
                        left.append(debt)
                    case .unclear: goesAgain = true
                    case .lost:
                        goesAgain = true
                        logger.warning(
                            "memory lost the effect of an update; it is handled anew",
                            metadata: entry.turn.logMetadata)
                    }
                } catch {
                    unable.insert(debt.service)
                    left.append(debt)
                }
            }
            await update(entry.turn, left, goesAgain: goesAgain)
        }
    }

    private func update(_ turn: Turn, _ left: [Debt], goesAgain: Bool) async {
        let isOver = goesAgain || left.isEmpty
        board.owes(
            owed.withLock { owed in
                guard let index = owed.firstIndex(where: { $0.turn.updateID == turn.updateID }) else {
                    return owed.count
                }
                if isOver { owed.remove(at: index) } else { owed[index].debts = left }
                return owed.count
            })
        if goesAgain {
            await again(turn)
        } else if isOver {
            settled(turn.updateID)
        }
    }
}
