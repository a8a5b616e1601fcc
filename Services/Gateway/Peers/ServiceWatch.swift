import Contracts

/// Checks the peers when there is a reason: a call failed, or a caller asks for the gateway's health. So the status is
/// true even while no updates come, and costs nothing while no caller asks.
///
/// The check is a real call that reads the disk: a peer reports its health even while it refuses all other calls.
struct ServiceWatch: Sendable {
    static let interval: Duration = .seconds(2)
    static let deadline: Duration = .seconds(5)

    var calls: WireCalls

    /// Runs until cancelled. Sleeps while all peers serve calls.
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
        // `WireCalls` puts a failure on the board, and in the log if it is new.
        for service in services { try? await calls.probe(service, deadline: Self.deadline) }
    }
}
