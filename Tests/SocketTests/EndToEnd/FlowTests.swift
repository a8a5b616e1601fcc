import Contracts
import Foundation
import TelegramSimulator
import TestSupport
import Testing

/// The add-machine dialogue through all three services.
@Suite(.serialized, .withProcesses)
struct FlowTests {
    @Test func `Every value: stored as it was typed`() async throws {
        try await RivetUnderTest.run { rivet in
            let ada = await rivet.telegram.user(42)
            try await MachineEntry.begin(ada)
            try await MachineEntry.peculiar.tell(ada)
            let saved = try #require(await rivet.telegram.allBotMessages(in: 42).last)
            for value in MachineEntry.peculiar.answers.dropLast() { #expect(saved.text.contains(value ?? "")) }
            #expect(try rivet.step(of: 42) == nil)
            #expect(try await ada.ask("/library").text.contains("1 item"))
            #expect(await rivet.questionsAsked(in: 42) == MachineEntry.steps)
            // No typed text became markup.
            let messages = await rivet.telegram.allBotMessages(in: 42)
            #expect(messages.allSatisfy { $0.entities.allSatisfy { $0.kind == "bold" || $0.kind == "code" } })
            #expect(await rivet.telegram.negativeOffsets == 0)
            #expect(await rivet.telegram.droppedPending == 0)
            try await rivet.waitUntilAllDone()
            try rivet.expectRows(of: 42, [.peculiar])
        }
    }

    @Test func `Everything except the nickname: may be skipped`() async throws {
        try await RivetUnderTest.run { rivet in
            let ada = await rivet.telegram.user(42)
            try await MachineEntry.begin(ada)
            #expect(try await ada.ask("/skip").text.contains(MachineEntry.questions[0]))
            #expect(try rivet.step(of: 42) == "nickname")
            let typed = MachineEntry(answers: ["Pump", nil, nil, nil, nil, nil])
            try await typed.tell(ada)
            // The same with the buttons.
            let tapped = MachineEntry(answers: ["Valve", nil, nil, nil, nil, nil])
            try await MachineEntry.begin(ada)
            try await tapped.tell(ada, through: 0)
            for step in 1...5 {
                try await ada.tap("⏭️ Skip")
                try await tapped.expectReply(ada, to: step)
            }
            // A tap is acknowledged beside its reply; its update is confirmed after both.
            try await rivet.waitUntilAllDone()
            #expect(await rivet.telegram.answeredCallbacks.count == 5)
            try rivet.expectRows(of: 42, [typed, tapped])
        }
    }

    @Test func `Canceling: possible at each step`() async throws {
        try await RivetUnderTest.run { rivet in
            let ada = await rivet.telegram.user(42)
            for step in 0...5 {
                try await MachineEntry.begin(ada)
                if step > 0 { try await MachineEntry.plain("Pump").tell(ada, through: step - 1) }
                #expect(try rivet.step(of: 42) == MachineEntry.steps[step])
                if step.isMultiple(of: 2) { try await ada.send("/cancel") } else { try await ada.tap("❌ Cancel") }
                _ = try await ada.nextMessage(containing: "Cancelled")
                #expect(try rivet.step(of: 42) == nil)
            }
            try rivet.expectRows(of: 42, [])
        }
    }

    @Test func `An open entry: continued`() async throws {
        try await RivetUnderTest.run { rivet in
            let ada = await rivet.telegram.user(42)
            let entry = MachineEntry.plain("Pump")
            try await MachineEntry.begin(ada)
            try await entry.tell(ada, through: 2)
            let progress = try await ada.ask("/addmachine").text
            for part in ["in-progress", "Pump", "Siemens", "3RQ2000", MachineEntry.questions[3]] {
                #expect(progress.contains(part))
            }
            #expect(try await ada.ask("/help").text.contains(MachineEntry.questions[3]))
            try await entry.tell(ada, from: 3)
            try rivet.expectRows(of: 42, [entry])
        }
    }

    @Test func `The library: paged by buttons`() async throws {
        try await RivetUnderTest.run { rivet in
            let ada = await rivet.telegram.user(42)
            #expect(try await ada.ask("/library").text.contains("No equipment saved yet"))
            let client = try rivet.library.client()
            for number in 1...45 { _ = try client.result("library.add", adding("42", "Machine \(number) <b>")) }
            var page = try await ada.ask("/library")
            #expect(page.text.contains("1–20 of 45"))
            #expect(
                page.text.contains("Machine 45 <b>") && page.text.contains("Machine 26 <b>")
                    && !page.text.contains("Machine 25 <b>"))
            #expect(page.labels == ["Older ➡️"])
            try await ada.tap("Older ➡️")
            page = try await ada.nextMessage()
            #expect(page.isEdit && page.text.contains("21–40 of 45") && page.labels == ["⬅️ Newer", "Older ➡️"])
            try await ada.tap("Older ➡️")
            page = try await ada.nextMessage()
            #expect(
                page.isEdit && page.text.contains("41–45 of 45") && page.text.contains("Machine 1 <b>")
                    && page.labels == ["⬅️ Newer"])
            try await ada.tap("⬅️ Newer")
            page = try await ada.nextMessage()
            #expect(page.isEdit && page.text.contains("21–40 of 45"))
        }
    }

    @Test func `A nickname in use: refused, and another one is accepted`() async throws {
        try await RivetUnderTest.run { rivet in
            let ada = await rivet.telegram.user(42)
            _ = try rivet.library.client().result("library.add", adding("42", "Straße"))
            try await MachineEntry.begin(ada)
            let refusal = try await ada.ask(" STRASSE ")
            #expect(refusal.text.contains("already") && refusal.text.contains("STRASSE (2)"))
            #expect(try rivet.step(of: 42) == "nickname")
            #expect(try await ada.ask("strasse").text.contains("already"))
            try await ada.tap("✅ strasse (2)")
            let entry = MachineEntry.plain("strasse (2)")
            try await entry.expectReply(ada, to: 0)
            try await entry.tell(ada, from: 1)
            for process in rivet.all { try process.stop() }
            #expect(try rivet.rows(of: 42).map { $0[0] } == ["Straße", "strasse (2)"])
        }
    }

    /// Another entry uses the nickname after it was checked: the question comes again, and the other answers stay.
    @Test func `A nickname that another entry uses meanwhile: asked for again`() async throws {
        try await RivetUnderTest.run { rivet in
            let ada = await rivet.telegram.user(42)
            var entry = MachineEntry.plain("Pump")
            try await MachineEntry.begin(ada)
            try await entry.tell(ada, through: 4)
            _ = try rivet.library.client().result("library.add", adding("42", "PUMP"))
            let asked = try await ada.ask("none")
            #expect(asked.text.contains("already") && asked.text.contains(MachineEntry.questions[0]))
            #expect(try await ada.ask("Pump B").text.contains("Saved to Library"))
            entry.answers[0] = "Pump B"
            for process in rivet.all { try process.stop() }
            #expect(try rivet.rows(of: 42).last == entry.row)
        }
    }

    @Test func `Invalid input: keeps the step`() async throws {
        try await RivetUnderTest.run { rivet in
            let ada = await rivet.telegram.user(42)
            let entry = MachineEntry.plain("Pump")
            try await MachineEntry.begin(ada)
            for step in 0...5 {
                let word = MachineEntry.steps[step]
                var tooLong = String(repeating: "x", count: [101, 501, 501, 501, 501, 2_001][step])
                if step == 5 { tooLong += "😀" }
                for text in [tooLong, "/frobnicate", "/addmachine now", "a\u{1}b", "\u{200B}"]
                    + (step == 0 ? ["x", " y "] : [])
                {
                    let reply = try await ada.ask(text)
                    #expect(reply.text.contains(word), "\(word), \(text.prefix(20)): \(reply.text)")
                    #expect(try rivet.step(of: 42) == word, "\(text.prefix(20))")
                }
                for send in [ada.sendSticker, ada.sendVoice] {
                    _ = try await send()
                    #expect(try await ada.nextMessage().text.contains(word))
                    #expect(try rivet.step(of: 42) == word)
                }
                try await entry.tell(ada, from: step, through: step)
            }
            try rivet.expectRows(of: 42, [entry])
        }
    }

    @Test func `Photos: offered for an entry, and the last one sent during an entry is stored`() async throws {
        try await RivetUnderTest.run { rivet in
            let ada = await rivet.telegram.user(42)
            try await ada.sendPhoto(fileID: "plate-1")
            let offer = try await ada.nextMessage()
            #expect(offer.button("save_to_library") != nil)
            // One gateway process handles the photo, and another one the tap.
            try rivet.kill([rivet.gateway])
            try rivet.gateway.start()
            try await ada.tap("save_to_library", on: offer.messageID)
            _ = try await ada.nextMessage(containing: MachineEntry.questions[0])
            var offered = MachineEntry.plain("Pump")
            offered.photo = try #require(
                try rivet.state.client().result("state.load", conversation("42"))["state"]?["data"]?["photo_file_id"]?
                    .stringValue)
            #expect(offered.photo?.contains("plate-1") == true)
            try await offered.tell(ada)
            // Two photos during an entry: the last one counts.
            var kept = MachineEntry.plain("Valve")
            try await MachineEntry.begin(ada)
            try await kept.tell(ada, through: 2)
            for photo in ["mid-1", "mid-2"] {
                try await ada.sendPhoto(fileID: photo)
                let reply = try await ada.nextMessage()
                #expect(reply.text.contains("Photo") && reply.text.contains(MachineEntry.questions[3]))
                #expect(try rivet.step(of: 42) == "serial")
            }
            kept.photo = try rivet.state.client().result("state.load", conversation("42"))["state"]?["data"]?[
                "photo_file_id"]?.stringValue
            #expect(kept.photo?.contains("mid-2") == true)
            try await kept.tell(ada, from: 3)
            try rivet.expectRows(of: 42, [offered, kept])
        }
    }

    @Test func `Buttons of earlier steps and edits: change nothing`() async throws {
        try await RivetUnderTest.run { rivet in
            let ada = await rivet.telegram.user(42)
            let entry = MachineEntry.plain("Pump")
            try await MachineEntry.begin(ada)
            try await entry.tell(ada, through: 1)
            let old = try #require(await rivet.telegram.allBotMessages(in: 42).last)
            try await entry.tell(ada, from: 2, through: 2)
            let before = try rivet.state.client().result("state.load", conversation("42"))["state"]
            for data in old.buttons.compactMap(\.callbackData) {
                for isInaccessible in [false, true] {
                    try await rivet.telegram.tap(
                        staleData: data, by: 42, on: old.messageID, isInaccessible: isInaccessible)
                    let reply = try await ada.nextMessage()
                    #expect(reply.text.contains("earlier step") && reply.text.contains(MachineEntry.questions[3]))
                }
            }
            for data in ["", "x", "skip:serial:zzz", "skip:serial", "nick::"] where !data.isEmpty {
                try await rivet.telegram.tap(staleData: data, by: 42, on: old.messageID)
                #expect(try await ada.nextMessage().text.contains(MachineEntry.questions[3]), "\(data)")
            }
            let said = await rivet.telegram.botMessageCount(in: 42)
            let edit = #"""
                {"edited_message":{"message_id":2,"date":1,"edit_date":2,"chat":{"id":42,"type":"private"},
                 "from":{"id":42,"is_bot":false,"first_name":"Ada"},"text":"another"}}
                """#
            try await rivet.telegram.inject(edit)
            try await rivet.waitUntilAllDone()
            #expect(await rivet.telegram.botMessageCount(in: 42) == said)
            #expect(try rivet.state.client().result("state.load", conversation("42"))["state"] == before)
            try await entry.tell(ada, from: 3)
            // The buttons do nothing after the end either.
            for data in old.buttons.compactMap(\.callbackData) {
                try await rivet.telegram.tap(staleData: data, by: 42, on: old.messageID)
                _ = try await ada.nextMessage(containing: "finished")
            }
            try rivet.expectRows(of: 42, [entry])
        }
    }

    /// A database that the earlier bot left, with an open entry and a saved machine.
    @Test func `An entry of the earlier bot: continued`() async throws {
        let directory = try TestDirectory()
        try FileManager.default.createDirectory(atPath: directory.path + "/state", withIntermediateDirectories: false)
        for (name, columns, row) in [
            (
                "state",
                """
                CREATE TABLE conversation_states (id INTEGER PRIMARY KEY, user_id TEXT NOT NULL, chat_id TEXT NOT NULL,
                conversation_type TEXT NOT NULL DEFAULT 'add_machine', current_step TEXT NOT NULL,
                state_data TEXT NOT NULL DEFAULT '{}', started_at TEXT, updated_at TEXT, expires_at TEXT,
                UNIQUE(user_id, chat_id, conversation_type))
                """,
                """
                INSERT INTO conversation_states(user_id, chat_id, current_step, state_data, started_at, updated_at, expires_at)
                VALUES ('42', '42', 'model', '{"nickname": "Pump", "manufacturer": "Siemens", "model_hint": "3RQ", "x": 1.10}',
                    datetime('now', '-1 hour'), datetime('now', '-1 hour'), datetime('now', '+23 hours'))
                """
            ),
            (
                "library",
                """
                CREATE TABLE user_machines (id INTEGER PRIMARY KEY, user_id TEXT NOT NULL, nickname TEXT NOT NULL,
                manufacturer TEXT, model_number TEXT, serial_number TEXT, location TEXT, notes TEXT, photo_file_id TEXT,
                ocr_data TEXT, created_at TEXT DEFAULT CURRENT_TIMESTAMP, updated_at TEXT DEFAULT CURRENT_TIMESTAMP)
                """, "INSERT INTO user_machines(user_id, nickname) VALUES ('42', 'Old one')"
            ),
        ] {
            let database = try Database("\(directory.path)/state/\(name).db")
            try database.rows(columns)
            try database.rows(row)
        }
        try await RivetUnderTest.run(in: directory) { rivet in
            let ada = await rivet.telegram.user(42)
            // Without a note of an earlier process the absence counts as a long one.
            _ = try await ada.nextMessage(containing: AbsenceTests.welcome)
            #expect(try await ada.ask("/library").text.contains("Old one"))
            let entry = MachineEntry.plain("Pump")
            try await entry.tell(ada, from: 2, through: 3)
            let data = try rivet.state.client().result("state.load", conversation("42"))["state"]?["data"]
            #expect(data?["x"] == .decimal("1.10"))
            try await entry.tell(ada, from: 4)
            for process in rivet.all { try process.stop() }
            #expect(try rivet.rows(of: 42) == [["Old one"] + Array(repeating: nil, count: 6), entry.row])
        }
    }

    @Test func `A person who is not allowed: refused once, and changes nothing`() async throws {
        try await RivetUnderTest.run(["RIVET_ALLOWED_USERS": "42, 43"]) { rivet in
            let (ada, eve) = (await rivet.telegram.user(42), await rivet.telegram.user(66))
            let refusal = try await eve.ask("/addmachine")
            #expect(refusal.text.contains("66"))
            for text in ["/addmachine", "hello", "/library"] {
                try await eve.send(text)
                try await rivet.waitUntilAllDone()
            }
            #expect(await rivet.telegram.botMessageCount(in: 66) == 1)
            #expect(try rivet.step(of: 66) == nil)
            try await MachineEntry.begin(ada)
        }
    }

    /// Without send limits: one group gets 21 messages, and Telegram allows 20 a minute.
    @Test func `Entries of one person in different chats and topics: independent`() async throws {
        try await RivetUnderTest.run(["RIVET_SEND_LIMITS": "none"]) { rivet in
            let forum: Int64 = -1_001_000_000_001
            await rivet.telegram.group(forum, title: "Maintenance", isForum: true)
            let (ada, bob) = (await rivet.telegram.user(42), await rivet.telegram.user(43))
            let places: [(who: Person, entry: MachineEntry)] = [
                (ada, .plain("Private")), (ada.in(forum, thread: 5), .plain("Topic 5")),
                (ada.in(forum, thread: 7), .plain("Topic 7")),
                (bob, .peculiar), (bob.in(forum, thread: 5), .plain("Bob's")),
            ]
            for (who, _) in places { try await MachineEntry.begin(who) }
            for step in 0...5 {
                for (who, entry) in places { try await entry.tell(who, from: step, through: step) }
            }
            for process in rivet.all { try process.stop() }
            #expect(try Set(rivet.rows(of: 42)) == Set(places.filter { $0.who.id == 42 }.map(\.entry.row)))
            #expect(try Set(rivet.rows(of: 43)) == Set(places.filter { $0.who.id == 43 }.map(\.entry.row)))
        }
    }
}
