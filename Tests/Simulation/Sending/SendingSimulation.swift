import Sending

/// The sending queue under virtual time, with a Telegram that limits and fails, a state-service that is sometimes
/// unavailable, and restarts. A seed repeats every event.
package enum SendingSimulation {
    /// - Parameter trace: is told what happens.
    package static func run(seed: UInt64, trace: ((String) -> Void)? = nil) -> SimulationResult {
        let dice = Dice(seed: seed)
        let story = SendingStory(dice)
        let world = SendingWorld(dice, story)
        world.trace = trace
        world.note("\(story)")
        world.start()
        let play = SendingPlay(world)
        switch story.kind {
        case .quiet: play.quiet()
        case .burst: play.burst()
        case .group: play.group()
        case .flood: play.flood()
        case .trouble: play.trouble()
        case .outage: play.outage()
        }
        if world.model.violation == nil {
            world.model.finish(isBlocked: { world.telegram.blocked.contains($0) }, rows: world.rows)
        }
        if story.isCalm, story.limits, world.telegram.limited > 0 {
            world.model.violated("a limit was broken \(world.telegram.limited) times")
        }
        var result = SimulationResult(
            seed: seed, violation: world.model.violation.map { "\($0) (\(story))" }, events: world.eventsDone)
        result.counts = world.counts
        result.counts["story: \(story.kind.rawValue)"] = 1
        return result
    }
}
