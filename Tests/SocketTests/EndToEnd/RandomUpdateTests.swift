import Contracts
import TelegramSimulator
import TestSupport
import Testing

/// Whatever Telegram delivers: no crash, no reply that is wrong, and no entry changes.
@Suite(.serialized, .withProcesses)
struct RandomUpdateTests {
    private static let count = 10_000

    @Test func `Ten thousand random updates: each gets at most its reply, and two entries go on as if alone`()
        async throws
    {
        try await RivetUnderTest.run(["RIVET_SEND_LIMITS": "none", "RIVET_LOG_LEVEL": "critical"]) { rivet in
            let hall: Int64 = -1_001_000_000_077
            await rivet.telegram.group(hall, title: "Hall 3")
            let (ada, bob) = (await rivet.telegram.user(42), await rivet.telegram.user(43).in(hall))
            let entry = MachineEntry.plain("Pump")
            for person in [ada, bob] { try await MachineEntry.begin(person) }
            var updates = RandomUpdates(
                SeededGenerator("Ten thousand random updates"), busy: [(42, 42), (hall, 43)])
            var cases: [RandomUpdates.Case] = []
            for step in 0...5 {
                for _ in 0..<Self.count / 6 + 1 {
                    let next = updates.next()
                    if next.chat > 0 {
                        await rivet.telegram.user(next.chat)
                    } else if next.chat != hall {
                        await rivet.telegram.group(next.chat, title: "Hall")
                    }
                    let json = JSONValue.object(next.update).serialized()
                    try await rivet.telegram.inject(String(decoding: json, as: UTF8.self))
                    cases.append(next)
                }
                for person in [ada, bob] {
                    try await person.send(entry.answers[step] ?? "/skip")
                    try await entry.expectReply(person, to: step, timeout: .seconds(60))
                }
            }
            try await rivet.waitUntilAllDone(timeout: .seconds(60))
            // None of them had to be started again.
            for process in rivet.all { #expect(try process.process.isRunning) }
            for one in cases where ![42, hall].contains(one.chat) {
                let said = await rivet.telegram.allBotMessages(in: one.chat).map(\.text)
                #expect(one.replies.contains(said.count), "\(one.name): \(one.update)")
                #expect(said.allSatisfy { one.words.isEmpty || $0.contains(one.words) }, "\(one.name): \(said)")
            }
            for chat in [42, hall] {
                #expect(await rivet.questionsAsked(in: chat) == MachineEntry.steps)
                // Six questions, and "Saved".
                #expect(await rivet.telegram.botMessageCount(in: chat) == 7)
            }
            for process in rivet.all { #expect(try process.stop() == 0) }
            for person in [ada, bob] { #expect(try rivet.rows(of: person.id) == [entry.row]) }
            let kinds = Set(cases.map(\.name))
            let all = RandomUpdates.otherKinds + RandomUpdates.serviceMembers + RandomUpdates.contentMembers.keys
            #expect(all.filter { !kinds.contains($0) } == [])
        }
    }
}
