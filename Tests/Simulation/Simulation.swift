import Contracts
import Foundation
import Persistence

/// What became of one seed.
package struct SimulationResult: Sendable {
    package var seed: UInt64
    /// What was not as it must be; nil when all was well.
    package var violation: String?
    package var events = 0
    /// What happened, and how often.
    package var counts: [String: Int] = [:]
}

/// The tiered store under virtual time, with tiers that fail in every way. A seed brings back everything that happens.
package enum Simulation {
    private static var settlingMax: Duration { .seconds(900) }

    /// - Parameters:
    ///   - seconds: how long each round of faults takes; nil: that is drawn too.
    ///   - trace: is told what happens.
    package static func run(
        seed: UInt64, seconds: Int? = nil, trace: ((String) -> Void)? = nil
    ) -> SimulationResult {
        let dice = Dice(seed: seed)
        return seed.isMultiple(of: 2)
            ? run(MachineClients.self, seed, dice, seconds, trace)
            : run(ConversationClients.self, seed, dice, seconds, trace)
    }

    private static func run<Users: Clients>(
        _: Users.Type, _ seed: UInt64, _ dice: Dice, _ seconds: Int?, _ trace: ((String) -> Void)?
    ) -> SimulationResult {
        let scenario = Scenario(dice, seconds: seconds)
        let world = World<Users.Table>(dice, scenario, path: "seed-\(seed)-\(UUID())".replacing(".", with: "-"))
        world.trace = trace
        world.note("\(scenario)")
        let users = Users(world)
        world.storeStarted = { [unowned users] in users.storeStarted() }
        let chaos = Chaos(world, changeOutside: { users.changeOutside($0) })
        world.start()
        for _ in 0..<scenario.rounds where world.model.violation == nil {
            chaos.begin()
            users.begin()
            world.run(until: world.clock.elapsed + scenario.roundLength)
            users.end()
            chaos.end()
            settle(world, users)
        }
        defer { world.dismount() }
        var result = SimulationResult(seed: seed, violation: world.model.violation, events: world.eventsDone)
        result.counts = world.counts
        for (what, count) in world.disk.faults { result.counts["disk: \(what)", default: 0] += count }
        for tier in world.tiers {
            for (what, count) in tier.faults { result.counts["tier: \(what)", default: 0] += count }
        }
        return result
    }

    /// All faults have ended: after some time, all tiers hold the same, and no work is left.
    private static func settle<Users: Clients>(_ world: World<Users.Table>, _ users: Users) {
        let meetings = world.tiers.map(\.meetings)
        func areMet() -> Bool { zip(meetings, world.tiers).allSatisfy { $0 != $1.meetings } }
        func isQuiet() -> Bool {
            guard let core = world.core, core.isServing, users.isIdle, areMet(), core.isAtRest else { return false }
            let status = core.status
            return status.isUp && status.pending == 0
                && status.remote.allSatisfy { $0.pending == 0 && $0.state == .up }
        }
        let limit = world.clock.elapsed + settlingMax
        /// What a tier holds back waits for an operator, who decides once all else is done.
        func rest() {
            repeat {
                world.run(until: limit, isDone: isQuiet)
            } while world.model.violation == nil && world.clock.elapsed < limit && world.decideRemovals()
        }
        rest()
        if !world.scenario.faults.isDisjoint(with: [.otherProgram, .corruption, .massDeletion]),
            world.model.violation == nil
        {
            // The store finds other programs' writes since its contact, and pages that no client read, when it looks
            // for them.
            world.core?.reconcile()
            rest()
        }
        guard world.model.violation == nil else { return }
        guard isQuiet() else {
            let status = world.core?.status
            return world.model.violated(
                "not at rest: \(status?.summary ?? "no store"); \(users.summary) are met: \(areMet())")
        }
        compare(world)
    }

    private static func compare<Table: LocalTable>(_ world: World<Table>) where Table.Record: SimulatedRecord {
        var names: [String: Table.Record.Key] = [:]
        var keys = Set(world.model.keys).union(world.disk.committed.rows.keys)
        for tier in world.tiers { keys.formUnion(tier.content.rows.keys) }
        for key in keys.sorted(by: Table.Record.isOrdered) {
            let own = world.disk.committed.rows[key]
            if let name = own?.nameToAPerson, let other = names.updateValue(key, forKey: name) {
                world.model.violated("\(key) and \(other) are both \(name), ignoring case")
            }
            for tier in world.tiers {
                let row = tier.content.rows[key]
                let isForgotten =
                    own?.isTombstone ?? row?.record.isTombstone ?? false
                    && tier.revision(of: key) == world.disk.committed.revision(of: key)
                    && (row == nil || own == nil)
                // One may be emptied before the other.
                let isSame =
                    row?.record == own || own.map { $0.isTombstone && row?.record.emptied == $0.emptied } ?? false
                if !isForgotten, !isSame || row?.stored != own?.revision {
                    world.model.violated(
                        """
                        \(key): \(tier.name.rawValue) has \(row.map { "\($0.stored.rawValue): \($0.record.summary)" } ?? "nothing"), \
                        the disk \(own?.summary ?? "nothing")
                        """)
                }
            }
            // Without a tier to compare with, the store reads a page only when a client asks for a record on it.
            if !world.disk.isDeceiving, case .some(let shown) = world.visible(key), shown != own {
                world.model.violated("\(key): memory has \(shown?.summary ?? "nothing"), the disk another")
            }
            world.model.agreed(key, own, isForgotten: own == nil && world.isForgotten(key))
        }
    }
}
