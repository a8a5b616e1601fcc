/// What one seed is about.
struct SendingStory: CustomStringConvertible {
    enum Kind: String, CaseIterable {
        /// Less than the limits allow: everything leaves at once, and nothing is written.
        case quiet
        /// Many people within seconds.
        case burst
        /// Many people in one group.
        case group
        /// One person says very much, others say something.
        case flood
        /// All kinds of faults, and restarts.
        case trouble
        /// Telegram answers nothing, or that all must wait, for long.
        case outage
    }

    var kind: Kind
    var people: Int
    /// Of the flood, and of each person in trouble.
    var messages: Int
    /// How long faults come.
    var troubleLength: Duration = .zero
    /// The time that a request takes to Telegram, and its answer back.
    var latency: ClosedRange<Int>
    var limits = true
    var restarts = 0

    init(_ dice: Dice) {
        kind = dice.one(of: Kind.allCases + [.trouble, .trouble, .outage])
        let base = dice.one(of: [1, 20, 100])
        latency = base...base + dice.number(0...50)
        switch kind {
        case .quiet: (people, messages) = (dice.number(1...10), dice.number(1...3))
        case .burst: (people, messages) = (dice.chance(0.1) ? 1_000 : dice.number(20...300), dice.number(1...3))
        case .group: (people, messages) = (dice.number(20...60), 1)
        case .flood: (people, messages) = (dice.number(5...30), dice.number(50...300))
        case .trouble:
            (people, messages) = (dice.number(1...40), dice.number(1...30))
            troubleLength = .seconds(dice.number(10...1_500))
            restarts = dice.one(of: [0, 0, 1, 3, 10])
        case .outage:
            (people, messages) = (dice.chance(0.3) ? dice.number(200...400) : dice.number(1...40), dice.number(1...4))
            troubleLength = .seconds(dice.number(60...1_500))
            restarts = dice.one(of: [0, 0, 0, 1, 3])
        }
        if kind == .trouble { limits = dice.chance(0.8) }
    }

    var isCalm: Bool { kind != .trouble && kind != .outage }

    var description: String {
        "\(kind.rawValue): \(people) people, \(messages) messages, latency \(latency) ms, trouble for \(troubleLength), "
            + "\(restarts) restarts\(limits ? "" : ", no limits")"
    }
}
