import Contracts
import TelegramSimulator
import TestSupport
import Testing

/// People in one group, with Telegram's default privacy mode: the bot gets commands and replies to its messages.
@Suite(.serialized, .withProcesses)
struct GroupTests {
    static let hall: Int64 = -1_001_000_000_077

    @Test func `Three people at once: each machine has its person's answers, through kills of all services`()
        async throws
    {
        // One group gets more than 20 messages in a minute.
        try await RivetUnderTest.run(["RIVET_SEND_LIMITS": "none"]) { rivet in
            await rivet.telegram.group(Self.hall, title: "Hall 3")
            let people = [
                await rivet.telegram.user(42), await rivet.telegram.user(43), await rivet.telegram.user(44),
            ].map { $0.in(Self.hall) }
            let entries = ["Pump", "Valve", "Press"].map { (name: String) in
                MachineEntry(answers: [name, "of \(name)", "M-\(name)", nil, "Hall \(name)", "n \(name)"])
            }
            for person in people {
                try await person.send("/addmachine@rivet_bot")
                let question = try await person.nextMessage(containing: MachineEntry.questions[0])
                #expect(question.asksForReply && question.keyboard.isEmpty && question.replyTo != nil)
                #expect(question.text.contains("/cancel"))
            }
            for step in 0...5 {
                for (person, entry) in zip(people, entries) {
                    // Talk among people is no answer.
                    await person.talk("see you at 12")
                    try await person.send(entry.answers[step] ?? "/skip")
                    try await entry.expectReply(person, to: step)
                }
                if step == 2 {
                    try await rivet.waitUntilAllDone()
                    try rivet.kill(rivet.all)
                    for process in rivet.all { try process.start() }
                }
            }
            try await rivet.waitUntilAllDone()
            for process in rivet.all { #expect(try process.stop() == 0) }
            for (person, entry) in zip(people, entries) { #expect(try rivet.rows(of: person.id) == [entry.row]) }
        }
    }

    @Test func `What is not for the bot: no reply, and no entry changes`() async throws {
        try await RivetUnderTest.run { rivet in
            await rivet.telegram.group(Self.hall, title: "Hall 3")
            await rivet.telegram.setPrivacyMode(false)
            let (ada, bob) = (await rivet.telegram.user(42).in(Self.hall), await rivet.telegram.user(43).in(Self.hall))
            try await ada.send("/addmachine")
            let question = try await ada.nextMessage(containing: MachineEntry.questions[0])
            let count = await rivet.telegram.botMessageCount(in: Self.hall)
            // Ada talks to Bob, people show photos, and Bob replies to Ada's question without an entry.
            await bob.talk("hi all")
            await ada.talk("see you at 12")
            try await bob.sendPhoto(caption: "our new hall")
            _ = try await rivet.telegram.send("Pump", from: 43, chat: Self.hall, replyTo: question.messageID)
            try await bob.send("/roll")
            try await rivet.waitUntilAllDone()
            #expect(await rivet.telegram.botMessageCount(in: Self.hall) == count)
            #expect(try rivet.step(of: 42, in: Self.hall) == "nickname")
            #expect(try rivet.step(of: 43, in: Self.hall) == nil)
        }
    }

    @Test func `A photo that a person shows the bot: its button begins the entry of that person`() async throws {
        try await RivetUnderTest.run { rivet in
            await rivet.telegram.group(Self.hall, title: "Hall 3")
            let ada = await rivet.telegram.user(42).in(Self.hall)
            try await ada.sendPhoto(fileID: "p", caption: "/addmachine@rivet_bot Pump")
            let reply = try await ada.nextMessage(containing: "✅ Nickname: Pump")
            #expect(reply.asksForReply)
            try await ada.send("Siemens")
            _ = try await ada.nextMessage(containing: "✅ Manufacturer: Siemens")
            try await rivet.waitUntilAllDone()
        }
    }
}
