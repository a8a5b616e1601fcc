import Contracts

/// Asks the services for their health when there is reason to doubt it: one was found away, or somebody asks for ours.
/// So the status is true also when nobody writes, and costs nothing when nobody asks.
struct ServiceWatch: Sendable {
    static let interval: Duration = .seconds(2)
    static let deadline: Duration = .seconds(2)

    var calls: WireCalls

    /// Until cancelled. Sleeps while all services answer.
    func run() async {
        await probe(ServiceName.allCases)
        for await _ in calls.board.doubts {
            await probe(ServiceName.allCases)
            while !Task.isCancelled {
                let away = Array(calls.board.surroundings.away.keys)
                if away.isEmpty { break }
                try? await Task.sleep(for: Self.interval)
                await probe(away)
            }
        }
    }

    private func probe(_ services: [ServiceName]) async {
        for service in services { _ = try? await calls.health(of: service, deadline: Self.deadline) }
    }
}
