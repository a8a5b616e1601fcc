import Contracts
import Persistence

/// What may happen in one simulation: some of all that can, so that each of it is met with and without the others.
struct Scenario {
    enum Fault: String, CaseIterable {
        case crash, stop, reboot, diskLoss, diskTrouble, corruption, tierTrouble, tierWipe, tierBackup, otherProgram,
            clockJump, poison, reconcile, prune
    }

    var faults: Set<Fault> = []
    /// How often something happens, on average.
    var pace: Duration
    var rounds: Int
    var roundLength: Duration
    var tiers: [TierName]
    var memoryLimit: Int
    var policy = TierPolicy()
    var timeToLive: Duration
    var clients: Int

    init(_ dice: Dice, seconds: Int?) {
        let common: [Fault] = [.crash, .diskTrouble, .tierTrouble]
        for fault in Fault.allCases where dice.chance(common.contains(fault) ? 0.6 : 0.25) { faults.insert(fault) }
        pace = dice.time(200...2_000)
        // Many short ones meet more than few long ones; some are long, for what only time brings.
        rounds = dice.chance(0.9) ? 1 : dice.number(2...3)
        roundLength = .seconds(seconds ?? (dice.chance(0.95) ? dice.number(2...8) : dice.number(9...60)))
        tiers = [TierName.neon, .supabase, .railway].filter { _ in dice.chance(0.75) }
        memoryLimit = dice.chance(0.3) ? dice.number(1_500...6_000) : 1 << 20
        policy.durability = dice.chance(0.2) ? .local : .remote
        policy.heartbeat = .seconds(dice.number(10...40))
        policy.pageRecords = dice.number(1...4)
        timeToLive = .seconds(dice.one(of: [20, 300, 86_400]))
        clients = dice.number(1...4)
    }
}
