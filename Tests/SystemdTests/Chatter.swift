import Foundation
import Synchronization
import TelegramSimulator
import TestSupport

/// People who enter one machine after another, each waiting for the reply to the last message.
///
/// Unlike people they never make mistakes, never send a second message before the reply, and answer after 30 ms.
final class Chatter: Sendable {
    /// The bot's message to a person was not the reply to the person's message.
    struct Misunderstanding: Error, CustomStringConvertible {
        var description: String
    }

    private static let questions = [
        "Enter a nickname", "Enter the manufacturer", "Enter the model number", "Enter the serial number",
        "Enter the location", "Any notes?",
    ]
    /// The time between a reply and the next message; a person would take longer.
    private static let pause = Duration.milliseconds(30)
    private static let replyLimit = Duration.seconds(60)

    private struct State {
        var isStopping = false
        var replies = 0
        var longestWait = Duration.zero
        var machines: [Int64: Int] = [:]
    }

    private let telegram: TelegramSimulator
    private let users: [Int64]
    private let state = Mutex(State())

    /// - Parameter first: the ID of the first person; no other `Chatter` on the same storage may have these people.
    init(_ telegram: TelegramSimulator, people: Int = 6, from first: Int64) {
        self.telegram = telegram
        users = (0..<Int64(people)).map { first + $0 }
    }

    /// The number of replies so far.
    var replies: Int { state.withLock { $0.replies } }
    var machines: Int { state.withLock { $0.machines.values.reduce(0, +) } }

    /// The longest wait for a reply since the last call.
    func takeLongestWait() -> Duration {
        state.withLock { state in
            defer { state.longestWait = .zero }
            return state.longestWait
        }
    }

    /// Waits until there are as many more replies as people.
    func goOn() async throws {
        let enough = replies + users.count
        try await eventually("replies", within: Self.replyLimit) { replies >= enough }
    }

    /// Talks during `body`, and until each machine that was begun is complete.
    func talk(during body: () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for user in users { group.addTask { try await self.talk(user) } }
            // One misunderstanding ends all.
            do { try await body() } catch {
                state.withLock { $0.isStopping = true }
                while let result = await group.nextResult() {
                    if case .failure(let cause) = result { throw cause }
                }
                throw error
            }
            state.withLock { $0.isStopping = true }
            try await group.waitForAll()
        }
    }

    /// Checks that the library has each machine once, and that each question was asked in order.
    func check(_ rivet: InstalledRivet) async throws {
        for user in users {
            let told = state.withLock { $0.machines[user] ?? 0 }
            let kept = try await rivet.machineCount(of: user)
            guard kept == Int64(told) else {
                throw Misunderstanding(description: "\(user) told of \(told) machines, and \(kept ?? -1) are kept")
            }
            var asked: [Int] = []
            for message in await telegram.allBotMessages(in: user) {
                let question = Self.questions.firstIndex { message.text.contains($0) }
                if let question, asked.last != question { asked.append(question) }
            }
            guard asked == (0..<told).flatMap({ _ in Array(Self.questions.indices) }) else {
                throw Misunderstanding(description: "\(user) was asked \(asked)")
            }
        }
    }

    private func talk(_ user: Int64) async throws {
        let person = await telegram.user(user)
        var number = 0
        while !state.withLock({ $0.isStopping }) {
            number += 1
            try await say("/addmachine", to: person, Self.questions[0])
            for step in Self.questions.indices {
                let answer = "\(user) \(number) \(step)"
                if step < Self.questions.count - 1 {
                    try await say(answer, to: person, "✅", answer, Self.questions[step + 1])
                } else {
                    try await say(answer, to: person, "Saved to Library", "\(user) \(number) 0")
                }
            }
            state.withLock { $0.machines[user, default: 0] += 1 }
        }
    }

    /// Sends `text`, and waits for the message that contains all of `words`. Skips messages that came before.
    private func say(_ text: String, to person: Person, _ words: String...) async throws {
        try await Task.sleep(for: Self.pause)
        let before = await Set(telegram.allBotMessages(in: person.chat).suffix(8).map(\.text))
        let begun = ContinuousClock.now
        try await person.send(text)
        while true {
            let reply = try await person.nextMessage(timeout: Self.replyLimit)
            if words.allSatisfy({ reply.text.contains($0) }) { break }
            guard before.contains(reply.text) else {
                throw Misunderstanding(description: "to “\(text)” the bot said: \(reply.text.prefix(300))")
            }
        }
        let wait = ContinuousClock.now - begun
        state.withLock {
            $0.replies += 1
            $0.longestWait = max($0.longestWait, wait)
        }
    }
}
