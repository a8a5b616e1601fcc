import Contracts
import Foundation
import Synchronization
import TestSupport

/// Clients of rivet-state that save without a pause, each in its own conversation, until they should end or the service
/// is killed.
final class SavingClients: Sendable {
    /// What one client knows.
    struct Told: Sendable {
        /// The last step that was acknowledged; 0 before the first.
        var step = 0
        /// The last step that was sent, acknowledged or not.
        var sent = 0
    }

    private static let threads = 8

    let count: Int
    private let all: Mutex<[Told]>
    private let isEnding = Mutex(false)

    init(count: Int) {
        self.count = count
        all = Mutex([Told](repeating: Told(), count: count))
    }

    var told: [Told] { all.withLock { $0 } }

    /// The data of a step: it differs from that of other steps, and half of it is recognizable.
    static func data(_ user: Int, _ step: Int) -> JSONValue {
        ["nickname": .string("Pump \(user)"), "notes": .string(of: "é\(step % 10)", 200)]
    }

    /// Lets the clients save during `body`, which begins after each of them got a response.
    func save<Value: Sendable>(
        to service: RivetProcess, during body: @Sendable () async throws -> Value
    ) async throws -> Value {
        isEnding.withLock { $0 = false }
        let earlier = told
        return try await withThrowingTaskGroup(of: Void.self) { group in
            for thread in 0..<Self.threads {
                group.addTask {
                    do { try self.save(to: service, thread) } catch is FrameClient.Failure {
                        // The service was killed.
                    }
                }
            }
            let outcome: Result<Value, any Error>
            do {
                try await eventually("clients are answered") { zip(told, earlier).allSatisfy { $0.step > $1.step } }
                outcome = .success(try await body())
            } catch { outcome = .failure(error) }
            isEnding.withLock { $0 = true }
            try await group.waitForAll()
            return try outcome.get()
        }
    }

    /// The clients of one thread: all send, then all read their responses.
    private func save(to service: RivetProcess, _ thread: Int) throws {
        let clients = try stride(from: thread, to: count, by: Self.threads).map { ($0, try service.client()) }
        while !isEnding.withLock({ $0 }) {
            for (user, client) in clients {
                let step = all.withLock { all in
                    all[user].sent += 1
                    return all[user].sent
                }
                try client.send(
                    "state.save",
                    saving(
                        "\(user)", step: "location", data: Self.data(user, step), update: Int64(step)))
            }
            for (user, client) in clients {
                guard try client.response()["result"]?["revision"] != nil else { continue }
                all.withLock { $0[user].step = $0[user].sent }
            }
        }
    }
}
