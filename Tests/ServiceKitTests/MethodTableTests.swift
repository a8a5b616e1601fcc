import Contracts
import Logging
import NIOPosix
import ServiceKit
import Synchronization
import Testing
import Wire

@Suite struct MethodTableTests {
    private static let peer = PeerCredentials(processID: 1, userID: 0, groupID: 0)

    private func begin(_ table: MethodTable, _ method: String, _ params: [String: JSONValue] = [:]) -> CallOutcome {
        table.begin(Call(method: method, params: params, peer: Self.peer))
    }

    private func answer(_ outcome: CallOutcome) async -> Result<JSONValue, RPCError> {
        switch outcome {
        case .now(let result): result
        case .later(let answer): await answer()
        }
    }

    @Test func `An unknown method: refused with the list of known methods`() async {
        var table = MethodTable()
        table.on(StateSweep.self) { _ throws(RPCError) in .now(StateSweep.Output(deleted: 0)) }
        table.on(StateLoad.self) { _ throws(RPCError) in .now(StateLoad.Output(state: nil)) }
        #expect(
            await answer(begin(table, "state.Load"))
                == .failure(
                    RPCError(.methodNotFound, "there is no such method; the methods are: state.load, state.sweep")))
    }

    @Test func `Parameters: checked before the body sees them`() async {
        var table = MethodTable()
        let seen = Mutex<[ConversationKey]>([])
        table.on(StateLoad.self) { params throws(RPCError) in
            seen.withLock { $0.append(params.key) }
            return .now(StateLoad.Output(state: nil))
        }
        let missing = await answer(begin(table, "state.load", ["user_id": "1"]))
        guard case .failure(let error) = missing else { return #expect(Bool(false), "\(missing)") }
        #expect(error.code == .invalidArgument)
        #expect(error.field == "chat_id")
        #expect(seen.withLock { $0 } == [])

        #expect(await answer(begin(table, "state.load", ["user_id": "1", "chat_id": "2"])) == .success(["state": nil]))
        #expect(seen.withLock { $0 } == [ConversationKey(userID: "1", chatID: "2")])
    }

    @Test func `An error that a body throws: becomes the response`() async {
        var table = MethodTable()
        table.on(StateSweep.self) { _ throws(RPCError) in throw RPCError(.unavailable, "not now") }
        #expect(await answer(begin(table, "state.sweep")) == .failure(RPCError(.unavailable, "not now")))
    }

    @Test func `Calls: decided in the order in which they begin, in whatever order they respond`() async {
        var table = MethodTable()
        let order = Mutex<[String]>([])
        table.on(StateLoad.self) { params throws(RPCError) in
            let place = order.withLock { order in
                order.append(params.key.userID)
                return order.count
            }
            return .later { .failure(RPCError(.notFound, "\(place)")) }
        }
        let outcomes = ["a", "b", "c"].map { begin(table, "state.load", ["user_id": .string($0), "chat_id": "1"]) }
        #expect(order.withLock { $0 } == ["a", "b", "c"])
        for (index, outcome) in outcomes.enumerated().reversed() {
            #expect(await answer(outcome) == .failure(RPCError(.notFound, "\(index + 1)")))
        }
    }

    @Test func `Health: counts the calls and adds what the service reports`() async throws {
        var table = MethodTable()
        let context = ServiceContext.forCaller(name: "rivet-test", settings: Settings(variables: [:]))
        table.on(StateSweep.self) { _ throws(RPCError) in .now(StateSweep.Output(deleted: 0)) }
        table.onHealth(context) {
            HealthReport(
                .degraded, tiers: [ServiceHealth.Tier(name: .memory, kind: "memory", state: .up)], counters: ["own": 7],
                detail: "a tier is away")
        }
        for method in ["state.sweep", "state.sweep", "nonsense"] { _ = begin(table, method) }
        let json = try await answer(begin(table, "service.health", ["ignored": 1])).get()
        let health = try ServiceHealth.Output(Parameters(json.objectValue ?? [:]))
        #expect(health.service == "rivet-test")
        #expect(health.version == rivetVersion)
        #expect(health.startedAt == context.startedAt)
        #expect(health.status == .degraded)
        #expect(health.tiers.map(\.name) == [.memory])
        #expect(
            health.counters == ["own": 7, "calls.state.sweep": 2, "calls.unknown": 1, "calls.service.health": 1])
        #expect(health.detail == "a tier is away")
        #expect(health.histograms.isEmpty)
    }

    @Test
    func `A timed method: its responses are in its histogram, even if it is added after health`()
        async throws
    {
        var table = MethodTable()
        let context = ServiceContext.forCaller(name: "rivet-test", settings: Settings(variables: [:]))
        table.onHealth(context) { HealthReport(.ok) }
        table.on(StateSweep.self, isTimed: true) { _ throws(RPCError) in .now(StateSweep.Output(deleted: 0)) }
        table.on(StateList.self) { _ throws(RPCError) in throw RPCError(.unavailable, "not now") }
        func histograms() async throws -> [String: DurationHistogram] {
            let json = try await answer(begin(table, "service.health")).get()
            return try ServiceHealth.Output(Parameters(json.objectValue ?? [:])).histograms
        }
        #expect(try await histograms().mapValues(\.count) == ["state.sweep": 0])
        for method in ["state.sweep", "state.list", "nonsense"] {
            table.answered(method, afterNanoseconds: 60_000)
        }
        let counted = try await histograms()
        #expect(counted.mapValues(\.count) == ["state.sweep": 1])
        #expect(counted["state.sweep"]?.counts[1] == 1 && counted["state.sweep"]?.sumMicroseconds == 60)
    }
}
