import Contracts

/// Asks the services for something when there is reason to doubt them: one did not do what it was asked, or a caller asks
/// for our health. So the status is true also while no updates come, and costs nothing when nothing is asked.
///
/// What is asked is a real call that reads the disk: a service answers for its health also while it refuses everything.
struct ServiceWatch: Sendable {
    static let interval: Duration = .seconds(2)
    static let deadline: Duration = .seconds(5)

    var calls: WireCalls

    /// Until cancelled. Sleeps while all services do what they are asked.
    func run() async {
        await probe(ServiceName.allCases)
        for await _ in calls.board.doubts {
            await probe(ServiceName.allCases)
            while !Task.isCancelled {
                let unsettled = calls.board.unsettled
                if unsettled.isEmpty { break }
                try? await Task.sleep(for: Self.interval)
                await probe(unsettled)
            }
        }
    }

    private func probe(_ services: [ServiceName]) async {
        // What fails is on the board, and in the log, if it is news.
        for service in services { try? await calls.probe(service, deadline: Self.deadline) }
    }
}
