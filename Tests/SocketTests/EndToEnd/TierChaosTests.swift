import Contracts
import Foundation
import Synchronization
import TelegramSimulator
import TestSupport
import Testing

/// Three databases fail at random while one person talks to the bot.
@Suite(
    .serialized, .withProcesses,
    .enabled(if: PostgresCluster.isInstalled, "PostgreSQL is not installed"))
struct TierChaosTests {
    /// The state of the databases, drawn from a seed.
    private final class Weather: Sendable {
        private static let troubles: [FaultProxy.Behaviour] = [
            .refuse, .blackhole, .delay(.milliseconds(100)), .delay(.seconds(2)), .holdAnswers, .cutBeforeAnswer,
        ]
        private struct State {
            var random: SeededGenerator
            var changes = 0
        }

        private let databases: RemoteDatabases
        private let state: Mutex<State>

        init(_ databases: RemoteDatabases, _ random: SeededGenerator) {
            self.databases = databases
            state = Mutex(State(random: random))
        }

        var changes: Int { state.withLock { $0.changes } }

        /// Each tier, with even chances, stays as it is or gets a random state, well or troubled.
        func change() {
            state.withLock { state in
                for proxy in databases.proxies where Bool.random(using: &state.random) {
                    let isWell = Int.random(in: 0..<3, using: &state.random) == 0
                    proxy.set(isWell ? .pass : Self.troubles.randomElement(using: &state.random) ?? .refuse)
                    if isWell { proxy.reset() }
                    state.changes += 1
                }
            }
        }

        /// Changes the states also in the middle of calls, until the task ends.
        func blow() async {
            while !Task.isCancelled {
                let milliseconds = state.withLock { Int.random(in: 20...400, using: &$0.random) }
                // This is the shortest duration of a trouble, no wait for an event.
                try? await Task.sleep(for: .milliseconds(milliseconds))
                change()
            }
        }
    }

    /// How long the person talks at least.
    private static let spell = Duration.seconds(4)

    @Test func `Every message: answered once, whatever tiers are unavailable`() async throws {
        let databases = try await RemoteDatabases(3)
        let weather = Weather(databases, SeededGenerator("Every message answered once"))
        try await RivetUnderTest.run(databases.environment) { rivet in
            try await rivet.waitUntilWhole()
            let ada = await rivet.telegram.user(42)
            let entries = try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await weather.blow() }
                var entries: [MachineEntry] = []
                let end = ContinuousClock.now + Self.spell
                while .now < end {
                    let entry = Self.entry(entries.count + 1)
                    if entries.count % 3 == 2 { try await giveUp(ada, rivet, weather) }
                    weather.change()
                    try await MachineEntry.begin(ada)
                    try await entry.tell(
                        ada, before: { _ in weather.change() },
                        after: { step in
                            let awaited = step < 5 ? MachineEntry.steps[step + 1] : nil
                            let step = try rivet.step(of: 42)
                            #expect(step == awaited)
                        })
                    entries.append(entry)
                    #expect(try rivet.machineCount(of: 42) == Int64(entries.count))
                }
                group.cancelAll()
                try await group.waitForAll()
                return entries
            }
            print("Every message answered once: \(entries.count) machines, \(weather.changes) changes")
            #expect(weather.changes > 20)
            databases.heal()
            try await rivet.waitUntilAllDone(timeout: .seconds(20))
            #expect(try rivet.step(of: 42) == nil)
            let said = await rivet.telegram.allBotMessages(in: 42)
            #expect(said.count { $0.text.contains("Saved to Library") } == entries.count)
            #expect(!said.contains { $0.text.contains("memory only") })
            try await rivet.expectTiers(of: 42, entries, databases)
            for index in 0..<3 {
                let open = try await databases.rows(
                    "SELECT user_id, conversation_type FROM conversation_states WHERE NOT closed", on: index)
                #expect(open == [])
            }
        }
    }

    private static func entry(_ round: Int) -> MachineEntry {
        MachineEntry(answers: (1...6).map { $0 == round % 6 + 1 && $0 > 1 ? nil : "🔧 \(round).\($0) <&amp;>" })
    }

    /// A canceled entry stays canceled.
    private func giveUp(_ ada: Person, _ rivet: RivetUnderTest, _ weather: Weather) async throws {
        try await MachineEntry.begin(ada)
        try await MachineEntry.plain("Never").tell(ada, through: 2, before: { _ in weather.change() })
        try await ada.send("/cancel")
        _ = try await ada.nextMessage(containing: "Cancelled", timeout: .seconds(20))
        #expect(try rivet.step(of: 42) == nil)
    }
}
