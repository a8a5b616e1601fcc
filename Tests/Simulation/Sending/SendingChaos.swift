import Sending

/// What goes wrong, when and for how long.
final class SendingChaos {
    private let world: SendingWorld
    private var isOver = false

    init(_ world: SendingWorld) { self.world = world }

    func plan(until end: Duration) {
        let dice = world.dice
        var at: Duration = .zero
        while at < end {
            at += dice.time(200...20_000)
            world.plan(after: at) { [self] in if !isOver { strike() } }
        }
        for _ in 0..<world.story.restarts {
            world.plan(after: .milliseconds(dice.number(10...Int(end.components.seconds) * 1_000))) { [self] in
                if !isOver { restart() }
            }
        }
    }

    private func strike() {
        let (dice, telegram) = (world.dice, world.telegram)
        let (now, length) = (
            world.now, dice.one(of: [dice.time(50...2_000), dice.time(1_000...60_000), dice.time(60_000...900_000)])
        )
        switch dice.number(0...9) {
        case 0:
            // One that takes the place of another: between them something may have been answered.
            if telegram.outage != nil { world.model.outageEnded() }
            telegram.outage = dice.one(of: VirtualTelegram.Fault.allCases)
            world.count("outage: \(telegram.outage?.rawValue ?? "")")
            world.plan(after: length) { [world] in
                telegram.outage = nil
                world.model.outageEnded()
            }
        case 1, 2:
            telegram.faultShare = dice.one(of: [0, 0.05, 0.3, 0.8])
            world.count("faults: \(telegram.faultShare)")
        case 3:
            telegram.pausedUntil = now + length
            world.count("pause of all")
        case 4, 5:
            telegram.chatPausedUntil[dice.chance(0.2) ? -Int64(dice.number(1...3)) : Int64(dice.number(1...40))] =
                now + length
            world.count("pause of a chat")
        case 6:
            telegram.isLying.toggle()
        case 7:
            world.isStoreAway = true
            world.count("store away")
            world.plan(after: dice.time(50...30_000)) { [world] in world.isStoreAway = false }
        case 8:
            world.isMemoryOnly.toggle()
            world.count("memory only")
        default:
            let chat = Int64(dice.number(1...3))
            if dice.chance(0.3) {
                telegram.blocked.insert(Int64(dice.number(1...40)))
            } else if telegram.migrated[-chat] == nil {
                telegram.migrated[-chat] = -1_000_000_000_000 - chat
                world.count("migration")
                // The service message arrives, or a refusal tells first.
                if dice.chance(0.5) { world.groupMigrated(-chat, to: -1_000_000_000_000 - chat) }
            }
        }
    }

    func restart() {
        guard world.isRunning else { return }
        if world.dice.chance(0.3) {
            world.stop()
            // Beyond the time that the end may take.
            world.plan(after: world.dice.time(5_060...8_000)) { [world] in if !world.isRunning { world.start() } }
        } else {
            world.crash()
            world.plan(after: world.dice.time(60...3_000)) { [world] in if !world.isRunning { world.start() } }
        }
    }

    /// All is well from now on.
    func heal() {
        isOver = true
        let telegram = world.telegram
        telegram.outage = nil
        world.model.outageEnded()
        telegram.faultShare = 0
        telegram.pausedUntil = .zero
        telegram.chatPausedUntil = [:]
        telegram.isLying = false
        world.isStoreAway = false
        world.isMemoryOnly = false
    }
}
