import Simulation
import Testing

@Suite struct SimulationTests {
    @Test func nothingIsFound() {
        for seed in UInt64(1)...300 {
            let result = Simulation.run(seed: seed)
            #expect(result.violation == nil, "seed \(seed)")
        }
    }
}
