import Synchronization

/// Where everyone notes what they see.
final class StatusBoard: Sendable {
    private struct State {
        var surroundings = Surroundings()
        var standings: [ServiceName: ServiceStanding] = [:]
    }

    private let state = Mutex(State())
    /// An element whenever the services should be looked after.
    let doubts: AsyncStream<Void>
    private let doubted: AsyncStream<Void>.Continuation

    init() { (doubts, doubted) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    var surroundings: Surroundings {
        state.withLock { state in
            var surroundings = state.surroundings
            surroundings.away = state.standings.compactMapValues(\.reason)
            return surroundings
        }
    }

    /// The services that are closed, or were and are not called back yet.
    var unsettled: [ServiceName] {
        state.withLock { state in ServiceName.allCases.filter { state.standings[$0]?.isUnsettled == true } }
    }

    /// Has the services looked after soon.
    func doubt() { doubted.yield() }

    func telegram(_ status: TelegramStatus) { state.withLock { $0.surroundings.telegram = status } }
    func owes(_ updates: Int) { state.withLock { $0.surroundings.owedUpdates = updates } }

    /// A service did what it was asked, or did not.
    ///
    /// - Parameter reason: nil if it did.
    /// - Returns: what is to be logged.
    func note(
        _ service: ServiceName, _ kind: ServiceStanding.Kind, closedBecause reason: String?,
        at now: ContinuousClock.Instant = .now
    ) -> ServiceStanding.Line? {
        let (line, isUnsettled) = state.withLock { state in
            var standing = state.standings[service] ?? ServiceStanding()
            if let reason { standing.failed(kind, reason: reason, at: now) } else { standing.succeeded(kind, at: now) }
            let line = standing.line(at: now)
            state.standings[service] = standing
            return (line, standing.isUnsettled)
        }
        if isUnsettled { doubt() }
        return line
    }
}
