import TestSupport

/// All chance of one simulation, from its seed.
final class Dice {
    private var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    func chance(_ probability: Double) -> Bool {
        probability > 0 && Double.random(in: 0..<1, using: &generator) < probability
    }

    func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }

    func time(_ range: ClosedRange<Int>) -> Duration { .milliseconds(number(range)) }

    func one<Element>(of elements: [Element]) -> Element { elements[number(0...elements.count - 1)] }

    /// A generator of its own for a part of what is simulated.
    func generator(for _: StaticString) -> SeededGenerator { SeededGenerator(seed: generator.next()) }
}
