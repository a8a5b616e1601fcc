import Contracts
import TelegramSimulator
import TestSupport
import Testing

/// Captions, values that look like commands, words behind commands, places and files, through all three services.
@Suite(.serialized, .withProcesses)
struct WhatPeopleSendTests {
    @Test func `One machine told in odd ways: every answer is stored, through kills of all services`() async throws {
        try await RivetUnderTest.run { rivet in
            let ada = await rivet.telegram.user(42)
            // Settled first: a kill right behind a reply may repeat that reply.
            func restart() async throws {
                try await rivet.waitUntilAllDone()
                try rivet.kill(rivet.all)
                for process in rivet.all { try process.start() }
            }
            #expect(try await ada.ask("/addmachine Pump  3").text.hasPrefix("✅ Nickname: Pump 3"))
            try await restart()
            // A word that once was a command.
            #expect(try await ada.ask("Back").text.hasPrefix("✅ Manufacturer: Back"))
            try await ada.sendPhoto(fileID: "nameplate", caption: "3RQ2000-2AW00")
            _ = try await ada.nextMessage(containing: "✅ Model: 3RQ2000-2AW00")
            try await restart()
            #expect(try await ada.ask("/skip 2").text.hasPrefix("❓ /skip 2: nothing was skipped"))
            #expect(try await ada.ask("/07/2291").text.hasPrefix("✅ Serial: /07/2291"))
            try await rivet.telegram.sendPlace(
                from: 42, latitude: "1", longitude: "2", title: "Hall 3", address: "Dock Road 1")
            _ = try await ada.nextMessage(containing: "✅ Location: Hall 3, Dock Road 1")
            try await restart()
            #expect(try await ada.ask("/A-103").text.hasPrefix("⚠️ Unknown command"))
            try await ada.tap("✅ /A-103")
            _ = try await ada.nextMessage(containing: "Saved to Library")
            try await rivet.waitUntilAllDone()
            let told = MachineEntry(
                answers: ["Pump 3", "Back", "3RQ2000-2AW00", "/07/2291", "Hall 3, Dock Road 1", "/A-103"],
                photo: "nameplate")
            try rivet.expectRows(of: 42, [told])
        }
    }

    @Test func `A captioned photo without an entry: its words are proposed as the nickname`() async throws {
        try await RivetUnderTest.run { rivet in
            let ada = await rivet.telegram.user(42)
            try await ada.sendPhoto(fileID: "p1", caption: "Main pump")
            _ = try await ada.nextMessage(containing: "Is this a piece of your equipment?")
            try await ada.tap("💾 Save to Library")
            #expect(try await ada.nextMessage().text.contains("💡 Detected: Main pump"))
            try await ada.tap("💡 Main pump")
            _ = try await ada.nextMessage(containing: "✅ Nickname: Main pump")
            #expect(try rivet.step(of: 42) == "manufacturer")
            // A command in a caption works as the command.
            try await ada.sendPhoto(fileID: "p2", caption: "/cancel")
            _ = try await ada.nextMessage(containing: "Cancelled")
            #expect(try rivet.step(of: 42) == nil)
            try await rivet.waitUntilAllDone()
        }
    }

    /// Since Bot API 10.1 a pasted formatted text comes without `text`.
    @Test func `Formatted blocks: count as the text that they show, and a photo among them is kept`() async throws {
        try await RivetUnderTest.run { rivet in
            let ada = await rivet.telegram.user(42)
            try await MachineEntry.begin(ada)
            func say(_ blocks: String) async throws {
                try await rivet.telegram.sendRich(from: 42, blocks: "[\(blocks)]")
            }
            try await say(#"{"type":"paragraph","text":["Main ",{"type":"bold","text":"pump"}]}"#)
            _ = try await ada.nextMessage(containing: "✅ Nickname: Main pump")
            let sizes = #"[{"file_id":"plate","width":90,"height":90}]"#
            try await say(#"{"type":"photo","photo":\#(sizes),"caption":{"text":"Siemens"}}"#)
            _ = try await ada.nextMessage(containing: "✅ Manufacturer: Siemens")
            // A command in blocks is the command.
            try await say(#"{"type":"paragraph","text":{"type":"bot_command","text":"/skip"}}"#)
            _ = try await ada.nextMessage(containing: "Skipped model")
            for text in ["SN 1", "Hall 3"] { _ = try await ada.ask(text) }
            let items = ["oil", "belt"].enumerated().map {
                #"{"label":"\#($0.offset + 1).","blocks":[{"type":"paragraph","text":"\#($0.element)"}]}"#
            }
            try await say(
                #"{"type":"heading","text":"Done"},{"type":"divider"},{"type":"list","items":[\#(items.joined(separator: ","))]}"#
            )
            _ = try await ada.nextMessage(containing: "Saved to Library")
            try await rivet.waitUntilAllDone()
            let told = MachineEntry(
                answers: ["Main pump", "Siemens", nil, "SN 1", "Hall 3", "Done\n1. oil\n2. belt"], photo: "plate")
            try rivet.expectRows(of: 42, [told])
        }
    }

    @Test func `Files: a photo by type or name, and otherwise none`() async throws {
        try await RivetUnderTest.run { rivet in
            let ada = await rivet.telegram.user(42)
            try await MachineEntry.begin(ada)
            try await rivet.telegram.sendFile(from: 42, fileID: "real", type: nil, name: "IMG_1.HEIC")
            _ = try await ada.nextMessage(containing: "📷 Photo kept")
            try await rivet.telegram.sendFile(from: 42, fileID: "plan", type: "image/vnd.dwg", name: "plan.dwg")
            _ = try await ada.nextMessage(containing: "cannot be taken as an answer (file)")
            var entry = MachineEntry.plain("Pump")
            try await entry.tell(ada)
            entry.photo = "real"
            try await rivet.waitUntilAllDone()
            try rivet.expectRows(of: 42, [entry])
        }
    }

    @Test func `Service messages and kinds to come: no reply, and the entry stays`() async throws {
        try await RivetUnderTest.run { rivet in
            let ada = await rivet.telegram.user(42)
            try await MachineEntry.begin(ada)
            for member in ["gift", "users_shared", "successful_payment", "chat_owner_changed", "a_kind_to_come"] {
                try await rivet.telegram.inject(
                    #"{"message":{"message_id":900,"date":1,"chat":{"id":42,"type":"private"},"#
                        + #""from":{"id":42,"is_bot":false,"first_name":"x"},"\#(member)":{"x":1}}}"#)
            }
            // The next message is the answer to this one.
            #expect(try await ada.ask("Pump").text.hasPrefix("✅ Nickname: Pump"))
            try await rivet.waitUntilAllDone()
        }
    }
}
