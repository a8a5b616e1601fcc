import Contracts
import Persistence

/// What may happen in one simulation: some of all that can, so that each of it is met with and without the others.
struct Scenario {
    enum Fault: String, CaseIterable {
        case crash, stop, reboot, diskLoss, diskTrouble, corruption, tierTrouble, tierWipe, tierBackup, otherProgram,
            clockJump, poison, reconcile, prune, absence, cut, lock, failover, massDeletion
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
        // What only weeks bring is rare enough by itself, and comes to pass between other troubles, not under them.
        let isLong = dice.chance(0.2)
        let common: [Fault] = [.crash, .diskTrouble, .tierTrouble]
        let chances = isLong ? (common: 0.25, rare: 0.1) : (common: 0.6, rare: 0.25)
        for fault in Fault.allCases where dice.chance(common.contains(fault) ? chances.common : chances.rare) {
            faults.insert(fault)
        }
        if isLong {
            faults.formUnion([.absence, .prune, dice.one(of: [.diskLoss, .corruption, .clockJump])])
            faults.insert(dice.one(of: [.tierTrouble, .cut]))
        }
        if faults.contains(.massDeletion) {
            // Under a bound of few removals. What takes the store's own memory of removals would meet that bound, too.
            faults.formIntersection([
                .massDeletion, .crash, .stop, .tierTrouble, .otherProgram, .poison, .reconcile, .cut, .lock,
            ])
            policy.removalsMax = 1
        }
        pace = dice.time(isLong ? 500...3_000 : 100...1_500)
        // Many short ones meet more than few long ones; some are long, for what only time brings.
        rounds = dice.chance(0.9) ? 1 : dice.number(2...3)
        let usual = dice.chance(0.8) ? 1...3 : dice.chance(0.9) ? 4...8 : 9...60
        roundLength = .seconds(seconds ?? dice.number(isLong ? 8...25 : usual))
        tiers = [TierName.neon, .supabase, .railway].filter { _ in dice.chance(0.75) }
        memoryLimit = dice.chance(0.3) ? dice.number(1_500...6_000) : 1 << 20
        policy.durability = dice.chance(0.2) ? .local : .remote
        policy.heartbeat = .seconds(dice.number(10...40))
        policy.pageRecords = dice.number(1...4)
        policy.mergedRecords = 1...1 + policy.pageRecords % 2
        policy.lookInterval = dice.time(1_000...10_000)
        policy.clockPatience = dice.time(800...3_000)
        // A walk that owes everything owes two pages at a time.
        if dice.chance(0.3) { policy.debtsMax = 2 * policy.pageRecords + dice.number(0...6) }
        timeToLive = .seconds(dice.one(of: [20, 300, 86_400]))
        clients = dice.number(1...4)
    }
}
