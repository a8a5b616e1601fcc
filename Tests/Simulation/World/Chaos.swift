import Contracts
import Persistence

/// Has things go wrong, as the scenario says.
final class Chaos<Table: LocalTable> where Table.Record: SimulatedRecord {
    private let world: World<Table>
    private let changeOutside: (VirtualTier<Table.Record>) -> Void
    /// How far the wall clock is off until it is set right, for each time that it was set wrong.
    private var wrongBy: [Int: Duration] = [:]
    private var jumps = 0
    private var isOver = true
    /// Which trouble is the latest: an earlier one's end is not its.
    private var troubles = 0

    init(_ world: World<Table>, changeOutside: @escaping (VirtualTier<Table.Record>) -> Void) {
        self.world = world
        self.changeOutside = changeOutside
    }

    private var dice: Dice { world.dice }

    func begin() {
        isOver = false
        for fault in Scenario.Fault.allCases where world.scenario.faults.contains(fault) { plan(fault) }
    }

    private func plan(_ fault: Scenario.Fault) {
        world.plan(after: dice.time(50...2 * Int(world.scenario.pace.milliseconds))) { [self] in
            guard !isOver else { return }
            happen(fault)
            plan(fault)
        }
    }

    /// Everything is as it should be from now on.
    func end() {
        isOver = true
        world.note("all is mended")
        world.disk.trouble = nil
        for number in wrongBy.keys.sorted() { setRight(number) }
        for tier in world.tiers {
            tier.condition = .up
            (tier.poison, tier.locked) = (nil, nil)
        }
        world.start()
        for tier in world.tiers { reset(tier) }
    }

    private func happen(_ fault: Scenario.Fault) {
        switch fault {
        case .crash:
            world.crash()
            restart()
        case .stop:
            world.stop()
            restart()
        case .reboot:
            world.crash()
            world.runtimeDirectory.lost()
            world.damaged("reboot")
            restart()
        case .diskLoss:
            guard dice.chance(0.3) else { return }
            world.crash()
            world.disk.lost()
            world.damaged("disk loss")
            restart()
        case .diskTrouble: troubleDisk()
        case .corruption:
            guard dice.chance(0.3), !world.disk.committed.isBroken else { return }
            world.disk.broke()
            world.damaged("corruption")
        case .tierTrouble: if !world.tiers.isEmpty { trouble(dice.one(of: world.tiers)) }
        case .tierWipe, .tierBackup: if !world.tiers.isEmpty { damage(dice.one(of: world.tiers), fault) }
        case .otherProgram: if !world.tiers.isEmpty { changeOutside(dice.one(of: world.tiers)) }
        case .clockJump: jump()
        case .poison: poison()
        case .lock: lock()
        case .failover: if !world.tiers.isEmpty { failover(dice.one(of: world.tiers)) }
        case .reconcile:
            world.count("reconcile")
            world.core?.reconcile()
        case .prune: world.prune()
        case .massDeletion:
            if !world.tiers.isEmpty, dice.chance(0.3) { world.deleteMany(in: dice.one(of: world.tiers)) }
        case .absence: beAway()
        case .cut: if !world.tiers.isEmpty { reset(dice.one(of: world.tiers)) }
        }
    }

    /// No process runs for a while, perhaps for weeks.
    private func beAway() {
        guard dice.chance(0.4) else { return }
        if dice.chance(0.5) { world.crash() } else { world.stop() }
        let seconds = dice.one(of: [60, 7_200, 86_400, 8 * 86_400, 31 * 86_400, 40 * 86_400])
        world.note("nothing runs for \(seconds) s")
        world.count("away")
        world.clock.passed(whileAway: .seconds(seconds))
        restart()
        guard world.scenario.faults.contains(.prune) else { return }
        world.plan(after: world.scenario.policy.clockPatience + dice.time(1_500...3_000)) { [self] in world.prune() }
    }

    private func restart() {
        world.plan(after: dice.time(20...1_500)) { [self] in world.start() }
    }

    private func troubleDisk() {
        troubles += 1
        let number = troubles
        let trouble = dice.one(of: VirtualDisk<Table.Record>.Trouble.allCases)
        world.note("the disk is \(trouble)")
        world.count("disk \(trouble)")
        world.disk.trouble = trouble
        world.plan(after: dice.time(50...15_000)) { [self] in
            if troubles == number { world.disk.trouble = nil }
        }
    }

    private func trouble(_ tier: VirtualTier<Table.Record>) {
        let condition = dice.one(of: VirtualTier<Table.Record>.Condition.allCases)
        world.note("\(tier.name.rawValue) is \(condition)")
        world.count("tier \(condition)")
        tier.condition = condition
        if condition != .up { tier.wasTroubled = true }
        if condition == .refusing { reset(tier) }
        world.plan(after: dice.time(50...20_000)) { [self] in
            guard !isOver, tier.condition == condition else { return }
            world.note("\(tier.name.rawValue) is up")
            tier.condition = .up
        }
    }

    private func reset(_ tier: VirtualTier<Table.Record>) {
        tier.wasTroubled = true
        for (port, other) in zip(world.ports, world.tiers) where other === tier { port.reset() }
    }

    private func damage(_ tier: VirtualTier<Table.Record>, _ fault: Scenario.Fault) {
        guard dice.chance(0.3) else { return }
        if fault == .tierWipe {
            tier.wiped()
            reset(tier)
            world.damaged("tier wiped")
        } else if tier.backup == nil {
            tier.backup = tier.content
        } else if tier.isBackupOfEarlierVisit(world.disk.committed.progress[tier.name]) {
            // Otherwise nothing tells the store that the tier was put back.
            tier.restored()
            tier.backup = nil
            reset(tier)
            world.damaged("tier put back")
        }
    }

    /// The wall clock is set, a little for good, or by days until it is set right.
    private func jump() {
        if dice.chance(0.5) { return jump(by: dice.one(of: [-60, -1, 1, 60])) }
        let seconds = dice.one(of: [-172_800, -129_600, -7_200, 7_200, 100_000, 172_800, 32 * 86_400])
        jump(by: seconds)
        jumps += 1
        let number = jumps
        wrongBy[number] = .seconds(seconds)
        // One that is ahead is noticed before a new process would come to trust it.
        let longest = seconds > 0 ? Int(world.scenario.policy.clockPatience.milliseconds) - 200 : 15_000
        world.plan(after: dice.time(50...longest)) { [self] in setRight(number) }
    }

    private func setRight(_ number: Int) {
        guard let error = wrongBy.removeValue(forKey: number) else { return }
        jump(by: -Int(error.components.seconds))
    }

    private func jump(by seconds: Int) {
        world.note("the wall clock jumps by \(seconds) s")
        world.count(seconds < 0 ? "clock set back" : "clock set forward")
        if seconds < 0 { world.model.clockWentBack = true }
        world.clock.jump(by: .seconds(seconds))
    }

    private func poison() {
        guard !world.tiers.isEmpty, !world.model.keys.isEmpty else { return }
        let (tier, key) = (dice.one(of: world.tiers), dice.one(of: world.model.keys))
        world.note("\(tier.name.rawValue) refuses \(key)")
        world.count("poison")
        tier.poison = key
        world.plan(after: dice.time(100...10_000)) { tier.poison = nil }
    }

    private func lock() {
        guard !world.tiers.isEmpty, !world.model.keys.isEmpty else { return }
        let (tier, key) = (dice.one(of: world.tiers), dice.one(of: world.model.keys))
        world.note("\(tier.name.rawValue) has \(key) locked")
        world.count("lock")
        tier.locked = key
        world.plan(after: dice.time(100...10_000)) { tier.locked = nil }
    }

    /// A replica takes the place of the server, without what it got in the last seconds. It has the latest visit.
    private func failover(_ tier: VirtualTier<Table.Record>) {
        let replica = tier.content
        world.plan(after: dice.time(1...3_000)) { [self] in
            guard !isOver, tier.failedOver(to: replica) else { return }
            reset(tier)
            world.damaged("failover")
        }
    }
}
