import Contracts
import Foundation
import TelegramSimulator
import TestSupport
import Testing

/// Three databases fail as chance will have it, and one person goes on talking.
@Suite(
    .serialized, .withProcesses,
    .enabled(if: PostgresCluster.isInstalled, "PostgreSQL is not installed"))
struct TierChaosTests {
    private static let troubles: [FaultProxy.Behaviour] = [
        .refuse, .blackhole, .delay(.milliseconds(150)), .delay(.seconds(2)), .holdAnswers, .cutBeforeAnswer,
    ]

    @Test func everythingIsSaidOnceWhateverTiersAreAway() async throws {
        let databases = try await RemoteDatabases(3)
        try await RivetUnderTest.run(databases.environment) { rivet in
            try await rivet.waitUntilWhole()
            let ada = await rivet.telegram.user(42)
            let entries = (1...4).map { turn in
                MachineEntry(answers: (1...6).map { $0 == turn + 1 ? nil : "🔧 \(turn).\($0) <&amp;>" })
            }
            let changes = try await withThrowingTaskGroup(of: Int.self) { group in
                group.addTask {
                    var random = SeededGenerator("everythingIsSaidOnceWhateverTiersAreAway")
                    var changes = 0
                    while !Task.isCancelled {
                        for proxy in databases.proxies where Bool.random(using: &random) {
                            let isWell = Int.random(in: 0..<3, using: &random) == 0
                            proxy.set(isWell ? .pass : Self.troubles.randomElement(using: &random) ?? .refuse)
                            if isWell { proxy.reset() }
                            changes += 1
                        }
                        // How long a trouble lasts: this is the weather, and nobody waits for it.
                        try? await Task.sleep(for: .milliseconds(Int.random(in: 50...700, using: &random)))
                    }
                    return changes
                }
                for (turn, entry) in entries.enumerated() {
                    if turn == 2 {
                        // One that is given up stays given up.
                        try await MachineEntry.begin(ada)
                        try await MachineEntry.plain("Never").tell(ada, through: 3)
                        try await ada.send("/cancel")
                        _ = try await ada.nextMessage(containing: "Cancelled", timeout: .seconds(20))
                        #expect(try rivet.step(of: 42) == nil)
                    }
                    try await MachineEntry.begin(ada)
                    try await entry.tell(
                        ada,
                        after: { step in
                            let next = try rivet.step(of: 42)
                            #expect(next == MachineEntry.steps[safe: step + 1])
                        })
                    #expect(try rivet.machineCount(of: 42) == Int64(turn + 1))
                }
                group.cancelAll()
                return try await group.next() ?? 0
            }
            #expect(changes > 10)
            databases.heal()
            try await rivet.telegram.waitUntilAllConfirmed(timeout: .seconds(20))
            #expect(try rivet.step(of: 42) == nil)
            let said = await rivet.telegram.allBotMessages(in: 42)
            #expect(said.count { $0.text.contains("Saved to Library") } == 4)
            #expect(!said.contains { $0.text.contains("memory only") })
            try await rivet.expectTiers(of: 42, entries, databases)
            for index in 0..<3 {
                let open = try await databases.rows(
                    "SELECT user_id, conversation_type FROM conversation_states WHERE NOT closed", on: index)
                #expect(open == [])
            }
        }
    }
}

extension Array {
    fileprivate subscript(safe index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}
