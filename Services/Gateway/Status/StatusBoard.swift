import Synchronization
import TelegramBotAPI

/// Collects what the parts of the gateway observe about Telegram, the peers and volatile effects.
final class StatusBoard: Sendable {
    private struct State {
        var surroundings = Surroundings()
        var conflictEnds: AsyncStream<Void>.Continuation?
        var availabilities: [ServiceName: ServiceAvailability] = [:]
    }

    private let state = Mutex(State())
    /// An element whenever the peers should be checked.
    let doubts: AsyncStream<Void>
    private let doubted: AsyncStream<Void>.Continuation

    init() { (doubts, doubted) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    var surroundings: Surroundings {
        state.withLock { state in
            var surroundings = state.surroundings
            surroundings.away = state.availabilities.compactMapValues(\.reason)
            return surroundings
        }
    }

    /// The peers that do not serve calls, or whose return is not logged yet.
    var unsettled: [ServiceName] {
        state.withLock { state in ServiceName.allCases.filter { state.availabilities[$0]?.isUnsettled == true } }
    }

    /// Requests a check of the peers.
    func doubt() { doubted.yield() }

    func telegram(_ status: TelegramStatus) {
        let ended = state.withLock { state in
            state.surroundings.telegram = status
            return status == .conflict ? nil : state.conflictEnds
        }
        ended?.finish()
    }

    var isInConflict: Bool { state.withLock { $0.surroundings.telegram == .conflict } }

    /// Returns when polling is no longer refused with 409, at the latest after `limit`. One task at a time may wait.
    func endOfConflict(within limit: Duration) async {
        let (ends, ended) = AsyncStream<Void>.makeStream()
        let isOver = state.withLock { state in
            state.conflictEnds = ended
            return state.surroundings.telegram != .conflict
        }
        if isOver { return }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for await _ in ends {} }
            group.addTask { try? await Task.sleep(for: limit) }
            await group.next()
            group.cancelAll()
        }
    }

    /// Sets the webhook because of which Telegram refuses polls; nil for none.
    func foreignWebhook(_ address: WebhookAddress?) { state.withLock { $0.surroundings.foreignWebhook = address } }

    /// Sets how many updates have an effect that only memory has.
    func volatileUpdates(_ count: Int) { state.withLock { $0.surroundings.volatileUpdates = count } }

    /// Records that a peer served a call, or did not.
    ///
    /// - Parameter reason: why it did not; nil if it did.
    /// - Returns: the line to log, if there is one.
    func note(
        _ service: ServiceName, _ kind: ServiceAvailability.Kind, closedBecause reason: String?,
        at now: ContinuousClock.Instant = .now
    ) -> ServiceAvailability.Line? {
        let (line, isUnsettled) = state.withLock { state in
            var availability = state.availabilities[service] ?? ServiceAvailability()
            if let reason {
                availability.failed(kind, reason: reason, at: now)
            } else {
                availability.succeeded(kind, at: now)
            }
            let line = availability.line(at: now)
            state.availabilities[service] = availability
            return (line, availability.isUnsettled)
        }
        if isUnsettled { doubt() }
        return line
    }
}
