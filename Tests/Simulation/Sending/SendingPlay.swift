import Sending

/// What happens in each kind of story, and how long it may take.
struct SendingPlay {
    /// Beside what the limits ask for: a lane's work, a write, an answer of the network.
    private static let slack: Duration = .milliseconds(2_500)

    let world: SendingWorld
    private var dice: Dice { world.dice }
    private var story: SendingStory { world.story }
    private var model: SendingModel { world.model }

    init(_ world: SendingWorld) { self.world = world }

    private func lane(_ user: Int, chat: Int64? = nil) -> SimulatedLane {
        SimulatedLane(user: user, chat: chat ?? Int64(user))
    }

    private func content(isPrompt: Bool? = nil, words: String = "") -> SimulatedContent {
        SimulatedContent(
            updateID: 0, words: words, isPrompt: isPrompt ?? dice.chance(0.5), hasBadMarkup: dice.chance(0.03),
            hasThread: dice.chance(0.03))
    }

    /// The shortest time that Telegram's limits allow for so many messages to many chats.
    private func shortest(_ messages: Int) -> Duration { .seconds(max(0, (messages - 1) / 30)) }

    private func expectAll(by limit: Duration) {
        for (id, update) in model.updates.sorted(by: { $0.key < $1.key }) {
            guard let at = update.firstEffectAt else { continue }
            if at > limit { model.violated("\(id) was sent at \(at), later than \(limit)") }
        }
    }

    // MARK: - Calm

    func quiet() {
        for person in 1...story.people {
            for message in 0..<story.messages {
                world.plan(after: .seconds(2 * message) + dice.time(100...1_500)) { [world, content = content()] in
                    world.say(SimulatedLane(user: person, chat: Int64(person)), content)
                }
            }
        }
        world.run(until: .seconds(30))
        for (id, update) in model.updates {
            guard let at = update.firstEffectAt, at - update.arrivedAt > .seconds(1) else { continue }
            model.violated("\(id) waited \(at - update.arrivedAt) although nothing else was to be done")
        }
        if world.writesDone > 0 { model.violated("\(world.writesDone) writes within the limits") }
    }

    func burst() {
        for person in 1...story.people {
            for _ in 0..<story.messages {
                world.plan(after: dice.time(100...2_000)) { [world, content = content()] in
                    world.say(SimulatedLane(user: person, chat: Int64(person)), content)
                }
            }
        }
        for person in 1...3 {
            world.plan(after: dice.time(100...2_000)) { [world, content = content()] in
                world.say(SimulatedLane(user: 5_000 + person, chat: Int64(5_000 + person)), content, .tapAnswer)
            }
        }
        let latencies = .milliseconds(2 * story.latency.upperBound + 50) * (story.messages + 1)
        let limit = .seconds(2) + shortest(story.people * story.messages) * 5 / 4 + Self.slack + latencies
        world.run(until: limit + .seconds(60))
        expectAll(by: limit)
        expectTapsAtOnce()
    }

    /// Whatever messages wait.
    private func expectTapsAtOnce() {
        for (id, update) in model.updates where update.policy == .tapAnswer {
            guard let at = update.firstEffectAt, at - update.arrivedAt > .milliseconds(500) else { continue }
            model.violated("the tap \(id) waited \(at - update.arrivedAt)")
        }
    }

    func group() {
        for person in 1...story.people {
            world.plan(after: dice.time(100...2_000)) { [world, content = content()] in
                world.say(SimulatedLane(user: person, chat: -7), content)
            }
        }
        let latencies = .milliseconds(2 * story.latency.upperBound + 50) * 20
        let minutes = (story.people - 1) / 20
        let limit = .seconds(2) + .seconds(60) * minutes * 5 / 4 + Self.slack + latencies
        world.run(until: limit + .seconds(60))
        expectAll(by: limit)
    }

    func flood() {
        if dice.chance(0.4) { floodInGroup() } else { floodInPrivate() }
    }

    /// One person in a group says very much: the others' replies have the group's next places.
    private func floodInGroup() {
        for _ in 0..<story.messages {
            world.plan(after: dice.time(1_000...2_000)) { [world, content = content()] in
                world.say(SimulatedLane(user: 1, chat: -7), content)
            }
        }
        for person in 2...5 {
            world.plan(after: dice.time(5_000...90_000)) { [world, content = content()] in
                world.say(SimulatedLane(user: person, chat: -7), content)
            }
        }
        world.run(until: .seconds(90 + 62 * (story.messages / 20 + 3)))
        for (id, update) in model.updates where update.lane.user != 1 {
            guard let at = update.firstEffectAt, at - update.arrivedAt > .seconds(70) else { continue }
            model.violated("\(id) waited \(at - update.arrivedAt) in a group's flood")
        }
    }

    private func floodInPrivate() {
        let isRepeating = dice.chance(0.5)
        for number in 0..<story.messages {
            let words = isRepeating && number > 5 ? "No entry is open." : ""
            world.plan(after: dice.time(1_000...2_000)) { [world, content = content(words: words)] in
                world.say(SimulatedLane(user: 1, chat: 1), content)
            }
        }
        for person in 2...story.people + 1 {
            let policy: SendPolicy = dice.chance(0.3) ? .tapAnswer : .message
            world.plan(after: dice.time(1_000...20_000)) { [world, content = content()] in
                world.say(SimulatedLane(user: person, chat: Int64(person)), content, policy)
            }
        }
        world.run(until: .seconds(2) + .seconds(story.messages) * 5 / 4 + .seconds(60))
        for (id, update) in model.updates where update.lane.user != 1 {
            guard let at = update.firstEffectAt else { continue }
            if at - update.arrivedAt > .seconds(2) {
                model.violated("\(id) waited \(at - update.arrivedAt) in a flood")
            }
        }
        expectTapsAtOnce()
        let latencies = .milliseconds(2 * story.latency.upperBound + 50) * 22
        expectAll(by: .seconds(2) + .seconds(max(0, story.messages - 20)) * 5 / 4 + Self.slack + latencies)
    }

    // MARK: - Trouble

    func trouble() {
        let chaos = SendingChaos(world)
        let end = story.troubleLength
        let groups = (0..<story.people).map { _ in dice.chance(0.15) }
        for person in 1...story.people {
            let chat: Int64 = groups[person - 1] ? -Int64(1 + person % 3) : Int64(person)
            for _ in 0..<story.messages {
                let policy: SendPolicy = dice.one(of: [
                    .message, .message, .message, .message, .edit, .tapAnswer, .passing,
                ])
                let words = dice.chance(0.1) ? "the same" : ""
                let at = Duration.milliseconds(dice.number(10...Int(end.components.seconds) * 1_000))
                world.plan(after: at) { [world, content = content(words: words)] in
                    world.say(SimulatedLane(user: person, chat: chat), content, policy)
                }
            }
        }
        chaos.plan(until: end)
        world.run(until: end)
        chaos.heal()
        // A pause that was lied about, three tries with their waits, and what the limits make of the rest.
        let owed = story.people * story.messages
        let rest: Duration = .seconds(300 + 400 + 120) + (shortest(owed) + .seconds(62 * (owed / 20 + 1))) * 5 / 4
        let limit = world.now + rest
        while world.now < limit, !world.isQuiet, model.violation == nil { world.run(until: world.now + .seconds(10)) }
        if !world.isQuiet { model.violated("not at rest \(rest) after the trouble: \(world.rest)") }
    }

    func outage() {
        let chaos = SendingChaos(world)
        let begin: Duration = .seconds(5)
        let end = begin + story.troubleLength
        let isPause = dice.chance(0.5)
        for person in 1...story.people {
            for _ in 0..<story.messages {
                world.plan(after: dice.time(4_000...Int(min(end, .seconds(60)).components.seconds) * 1_000)) {
                    [world, content = content()] in
                    world.say(SimulatedLane(user: person, chat: Int64(person)), content)
                }
            }
        }
        for _ in 0..<story.restarts {
            world.plan(after: dice.time(6_000...Int(end.components.seconds) * 1_000)) { chaos.restart() }
        }
        world.run(until: begin)
        let fault: VirtualTelegram.Fault = dice.one(of: [.unreachable, .badGateway])
        if isPause {
            world.telegram.pausedUntil = end
        } else {
            world.telegram.outage = fault
        }
        let refusedBefore = world.telegram.pausedCount
        world.run(until: end)
        if isPause, story.restarts == 0 {
            let refused = world.telegram.pausedCount - refusedBefore
            let refusedMax = 60 + 60 * (Int(story.troubleLength.components.seconds) / 300 + 1)
            if refused > refusedMax { model.violated("\(refused) messages went into one pause of all") }
        }
        chaos.heal()
        let owed = story.people * story.messages
        let unknowns: Duration = isPause || fault == .unreachable ? .zero : .seconds(380)
        let restarted: Duration = story.restarts == 0 ? .zero : .seconds(400)
        let limit = end + shortest(owed) * 5 / 4 + .seconds(20) + Self.slack + unknowns + restarted
        world.run(until: limit + .seconds(60))
        expectAll(by: limit)
    }
}
