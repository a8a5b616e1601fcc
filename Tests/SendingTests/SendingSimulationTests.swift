import Simulation
import Testing

@testable import Sending

/// Serialized: the planted bug is a global of the process.
@Suite(.serialized) struct SendingSimulationTests {
    private static let seedsMax: UInt64 = 400

    @Test func `The sending simulation: no violation in the first seeds`() {
        for seed in UInt64(1)...100 {
            let result = SendingSimulation.run(seed: seed)
            #expect(result.violation == nil, "rivet-simulate --of sending --seeds 1 --first \(seed)")
        }
    }

    @Test(arguments: SendingBug.allCases)
    func `A planted bug: found by the sending simulation`(_ bug: SendingBug) throws {
        theSendingBug = bug
        defer { theSendingBug = nil }
        let found = (1...Self.seedsMax).lazy.map { SendingSimulation.run(seed: $0) }.first { $0.violation != nil }
        let result = try #require(found, "\(bug) is not found in \(Self.seedsMax) seeds")
        print("\(bug): seed \(result.seed): \(result.violation ?? "")")
        theSendingBug = nil
        let sound = SendingSimulation.run(seed: result.seed)
        #expect(sound.violation == nil, "seed \(result.seed) fails without the bug, too")
    }
}
