import Simulation
import Testing

@testable import Persistence

/// Serialized: the planted bug is one for the whole process.
@Suite(.serialized) struct SimulationTests {
    private static let seedsMax: UInt64 = 2_000

    @Test func nothingIsFound() {
        for seed in UInt64(1)...100 {
            let result = Simulation.run(seed: seed)
            #expect(result.violation == nil, "rivet-simulate --seeds 1 --first \(seed)")
        }
    }

    @Test(arguments: PlantedBug.allCases)
    func aPlantedBugIsFound(_ bug: PlantedBug) throws {
        thePlantedBug = bug
        defer { thePlantedBug = nil }
        // Longer than most: some show only when a tier was away for a while.
        let found = (1...Self.seedsMax).lazy.map { Simulation.run(seed: $0, seconds: 20) }
            .first { $0.violation != nil }
        let result = try #require(found, "\(bug) is not found in \(Self.seedsMax) seeds")
        print("\(bug): seed \(result.seed): \(result.violation ?? "")")
        thePlantedBug = nil
        let sound = Simulation.run(seed: result.seed, seconds: 20)
        #expect(sound.violation == nil, "seed \(result.seed) fails without the bug, too")
    }
}
