import Dialogue
import Testing

@Suite struct FlowTests {
    @Test func `A whole entry: asked step by step, and completed`() throws {
        let told: [(Step, String)] = [
            (.nickname, "Main compressor"), (.manufacturer, "Siemens"), (.model, "3RQ2000-2AW00"), (.serial, "S-1"),
            (.location, "Building A, Panel 3"), (.notes, "Replaced relay 2024-06"),
        ]
        var current = try #require(decide(nil, .addMachine).saved)
        #expect(current == Entry(step: .nickname, draft: Draft(), tag: tag))
        for (step, text) in told.dropLast() {
            #expect(current.step == step)
            let decision = decide(current, .text(text)).next(from: current)
            #expect(decision.reply?.html.hasPrefix("✅ \(step.words.label): <b>\(text)</b>\n\n") == true)
            current = try #require(decision.saved)
        }
        let decision = decide(current, .text("Replaced relay 2024-06"))
        guard case .complete(let done) = decision else { Issue.record("\(decision)"); return }
        for (step, text) in told { #expect(done.draft[step] == text) }
        #expect(
            Reply.saved(done.draft).html == """
                ✅ <b>Saved to Library!</b>

                <b>Main compressor</b>
                • Manufacturer: Siemens
                • Model: 3RQ2000-2AW00
                • Serial: S-1
                • Location: Building A, Panel 3
                • Notes: Replaced relay 2024-06

                View your library with /library
                """)
    }

    @Test(arguments: [Input.skip, .text("skip"), .text(" Skip\n"), .text("SKIP")])
    func `Every step except the nickname: can be skipped`(skip: Input) throws {
        var current = try #require(AddMachine.nicknameFree(entry(at: .nickname), "Pump").saved)
        for step in Step.allCases.dropFirst().dropLast() {
            let decision = decide(current, skip)
            #expect(decision.reply?.html.hasPrefix("⏭️ Skipped \(step.rawValue).\n\n") == true)
            current = try #require(decision.saved)
            #expect(current.draft.answers[step] == .skipped)
        }
        guard case .complete(let done) = decide(current, skip) else { Issue.record("not complete"); return }
        #expect(Step.allCases.dropFirst().allSatisfy { done.draft.answers[$0] == .skipped })
        #expect(
            Reply.saved(done.draft).html.contains(
                "• Manufacturer: N/A\n• Model: N/A\n• Serial: N/A\n• Location: N/A\n• Notes: N/A"))
    }

    @Test func `The nickname: cannot be skipped`() {
        let decision = decide(entry(at: .nickname), .skip)
        #expect(decision.isReplyOnly)
        #expect(decision.reply?.html.contains("nickname cannot be skipped") == true)
        #expect(decide(entry(at: .nickname), .button(data: "skip:nickname:\(tag)")).isReplyOnly)
    }

    @Test(arguments: Step.allCases)
    func `A prompt: names what it asks for`(step: Step) {
        let reply = Reply.question(entry(at: step))
        #expect(reply.html.contains(step.rawValue))
        #expect(reply.html.contains("/skip") == step.isSkippable)
        #expect(reply.buttonData.contains("skip:\(step.rawValue):\(tag)") == step.isSkippable)
        #expect(reply.buttonData.contains("cancel:\(step.rawValue):\(tag)"))
        #expect(reply.buttonData.contains("back:\(step.rawValue):\(tag)") == (step != .nickname))
    }

    @Test func `The prompts: worded as agreed`() {
        #expect(
            decide(nil, .addMachine).reply?.html == """
                📝 <b>Add to Library</b>

                Enter a nickname for this equipment:
                (e.g., 'Main Compressor', 'Panel 3 VFD')
                """)
        #expect(
            decide(entry(at: .serial), .text("S-1")).reply?.html == """
                ✅ Serial: <b>S-1</b>

                Enter the location:
                (e.g., 'Building A, Panel 3')
                (or /skip)
                """)
        #expect(
            decide(entry(at: .location), .skip).reply?.html == """
                ⏭️ Skipped location.

                Any notes?
                (e.g., 'Replaced relay 2024-06')
                (or /skip to finish)
                """)
    }

    /// Every input that is not an answer keeps the step, and the bot asks the question again, with its buttons.
    @Test(arguments: Step.allCases)
    func `An input that is not an answer: keeps the step`(step: Step) {
        let current = entry(at: step)
        let question = Reply.question(current)
        let inputs: [Input] = [
            .addMachine, .saveToLibrary(fileID: "new", manufacturerHint: nil, modelHint: nil), .help,
            .other(.sticker), .other(.voice), .text(""), .text(" \n\t "), .text("\u{200B}"),
            .text("a\u{0}b"), .button(data: "junk"), .button(data: ""), .button(data: "save_to_library"),
            .button(data: "skip:\(step.rawValue):other"), .button(data: "hint:\(step.rawValue):\(tag)"),
        ]
        for input in inputs {
            let decision = decide(current, input)
            #expect(decision.isReplyOnly, "\(input)")
            #expect(decision.reply?.html.hasSuffix(question.html) == true, "\(input)")
            #expect(decision.reply?.buttons == question.buttons, "\(input)")
        }
    }

    @Test(arguments: Step.allCases)
    func `A button of another step: changes nothing and says so`(step: Step) {
        for other in Step.allCases where other != step {
            for verb in ["skip", "back", "cancel", "hint", "keep"] {
                let decision = decide(entry(at: step), .button(data: "\(verb):\(other.rawValue):\(tag)"))
                #expect(decision.isReplyOnly)
                #expect(decision.reply?.notice == "That button belongs to an earlier step. Nothing was changed.")
                #expect(decision.reply?.html.contains("Nothing was changed") == true)
            }
        }
        let foreign = decide(entry(at: step), .button(data: "cancel:\(step.rawValue):zzz"))
        #expect(foreign.reply?.notice == "That button belongs to an earlier entry. Nothing was changed.")
    }

    @Test(arguments: Step.allCases)
    func `A button: does the same as its command and its word`(step: Step) {
        let current = entry(at: step)
        func tap(_ verb: String) -> Decision { decide(current, .button(data: "\(verb):\(step.rawValue):\(tag)")) }
        #expect(tap("skip") == decide(current, .skip))
        #expect(tap("skip") == decide(current, .text("Skip")))
        #expect(tap("back") == decide(current, .back))
        #expect(tap("cancel") == decide(current, .cancel))
        #expect(tap("cancel").isCancel)
        #expect(
            tap("cancel").reply?.html
                == "❌ Cancelled. Your progress has been cleared.\nStart fresh with /addmachine")
    }

    @Test func `A detected value: offered, and stored after a tap`() throws {
        let begun = try #require(
            decide(nil, .saveToLibrary(fileID: "file", manufacturerHint: "Siemens <AG>", modelHint: "3RQ")).saved)
        #expect(begun.draft.photoFileID == "file")
        let asked = AddMachine.nicknameFree(begun, "Pump")
        let question = "Enter the manufacturer:\n💡 Detected: Siemens &lt;AG&gt;\n(or /skip)"
        #expect(asked.reply?.html.contains(question) == true)
        #expect(asked.reply?.buttons.first == [.init(label: "💡 Siemens <AG>", data: "hint:manufacturer:\(tag)")])
        let next = try #require(decide(asked.saved, .button(data: "hint:manufacturer:\(tag)")).saved)
        #expect(next.draft[.manufacturer] == "Siemens <AG>")
        #expect(next.step == .model)
        #expect(Reply.question(next).html.contains("💡 Detected: 3RQ"))
    }

    @Test func `A detected value that would be refused: not offered`() {
        let current = entry(at: .model) { $0.modelHint = String(repeating: "x", count: 501) }
        #expect(!Reply.question(current).html.contains("Detected"))
        #expect(decide(current, .button(data: "hint:model:\(tag)")).isReplyOnly)
    }

    @Test func `Going back: offers the earlier answer`() throws {
        let back = decide(entry(at: .location), .back)
        let atSerial = try #require(back.saved)
        #expect(atSerial.step == .serial)
        let atModel = try #require(decide(atSerial, .back).saved)
        #expect(atModel.draft == entry(at: .location).draft)
        #expect(Reply.question(atModel).html.contains("✏️ Before: the model"))
        let kept = try #require(decide(atModel, .button(data: "keep:model:\(tag)")).saved)
        #expect(kept.draft == atModel.draft)
        #expect(kept.step == .serial)
        let changed = try #require(decide(atModel, .text("M2")).saved)
        #expect(changed.draft[.model] == "M2")
        #expect(decide(entry(at: .nickname), .back).isReplyOnly)
    }

    @Test func `A photo: kept with the entry`() throws {
        for step in Step.allCases {
            let decision = decide(entry(at: step), .photo(fileID: "new"))
            #expect(decision.saved == entry(at: step) { $0.photoFileID = "new" })
            #expect(decision.reply?.html.hasPrefix("📷 Photo kept with this entry.\n\n") == true)
        }
    }

    @Test func `The addmachine command in an open entry: shows the progress and continues`() {
        let reply = decide(entry(at: .location), .addMachine).reply
        #expect(
            reply?.html == """
                👋 You have an in-progress entry.

                Progress:
                • Nickname: the nickname
                • Manufacturer: the manufacturer
                • Model: the model
                • Serial: skipped

                Continuing from: location
                Type /cancel to start fresh.

                Enter the location:
                (e.g., 'Building A, Panel 3')
                (or /skip)
                """)
    }

    @Test func `A taken nickname: refused, and a free one offered`() {
        let current = entry(at: .nickname)
        #expect(
            decide(current, .text("  Main \n compressor "))
                == .checkNickname("Main compressor", current, isStored: true))
        let decision = AddMachine.nicknameTaken(current, "Main & co", suggestion: "Main & co (2)")
        #expect(decision.isReplyOnly)
        #expect(decision.reply?.html.contains("❌ You already have equipment named '<b>Main &amp; co</b>'.") == true)
        #expect(decision.reply?.buttonData.first == "nick:\(tag):Main & co (2)")
        #expect(
            decide(current, .button(data: "nick:\(tag):Main & co (2)"))
                == .checkNickname("Main & co (2)", current, isStored: true))
        #expect(decide(entry(at: .model), .button(data: "nick:\(tag):Main & co (2)")).isReplyOnly)

        let long = String(repeating: "é", count: 90)
        let wide = AddMachine.nicknameTaken(current, long, suggestion: long + " (2)").reply
        #expect(wide?.html.contains("<code>\(long) (2)</code>") == true)
        #expect(wide?.buttons == Reply.question(current).buttons)
    }

    @Test func `A nickname lost at the end: asked again, and no other question`() throws {
        guard case .complete(let done) = decide(entry(at: .notes), .text("n")) else {
            Issue.record("not complete")
            return
        }
        let lost = AddMachine.libraryRefused(done, at: .nickname)
        let again = try #require(lost.saved)
        #expect(again.step == .nickname && again.draft == done.draft)
        #expect(lost.reply?.html.contains("named '<b>the nickname</b>'") == true)
        guard case .complete(let renamed) = AddMachine.nicknameFree(again, "Other") else {
            Issue.record("not complete")
            return
        }
        var expected = done.draft
        expected.answers[.nickname] = .value("Other")
        #expect(renamed.draft == expected)
    }

    /// The earlier bot checked less, and its open conversations continue in this one.
    @Test func `An answer of the earlier bot that the library would refuse: asked again`() throws {
        let old = entry(at: .notes) {
            $0.answers[.nickname] = nil
            $0.answers[.model] = .value(String(repeating: "m", count: 501))
        }
        let first = decide(old, .skip)
        #expect(first.reply?.html.hasPrefix("❌ The nickname is missing.\nAll other answers are kept.\n\n") == true)
        let atNickname = try #require(first.saved)
        #expect(AddMachine.replay(atNickname, .skip) == first.message)
        let second = AddMachine.nicknameFree(atNickname, "Pump")
        #expect(second.reply?.html.hasPrefix("❌ Model too long: at most 500 characters are accepted") == true)
        let atModel = try #require(second.saved)
        #expect(atModel.step == .model)
        #expect(AddMachine.replay(atModel, .text("Pump")) == second.message)
        guard case .complete(let done) = decide(atModel, .skip) else {
            Issue.record("not complete")
            return
        }
        #expect(done.draft[.nickname] == "Pump" && done.draft.answers[.model] == .skipped)
        #expect(done.draft[.location] == "the location")
    }

    @Test func `An input without an entry: changes nothing, unless it begins one`() {
        let words: [(Input, String)] = [
            (.text("hello"), "/addmachine"), (.skip, "Nothing to skip"), (.text("skip"), "Nothing to skip"),
            (.cancel, "Nothing to cancel"), (.back, "Nothing to go back"),
            (.button(data: "skip:model:\(tag)"), "finished"), (.button(data: "junk"), "finished"),
            (.unknownCommand, "Unknown command"), (.other(.sticker), "sticker"), (.help, "/library"),
            (.photo(fileID: "f"), "equipment"),
        ]
        for (input, word) in words {
            let decision = decide(nil, input)
            #expect(decision.isReplyOnly && decision.reply?.html.contains(word) == true, "\(input)")
        }
        #expect(
            decide(nil, .photo(fileID: "f")).reply?.buttons == [
                [.init(label: "💾 Save to Library", data: "save_to_library")]
            ])
        #expect(decide(nil, .button(data: "save_to_library")).saved?.step == .nickname)
    }

    @Test func `An unknown command or a sticker: the reply names the awaited answer`() {
        let unknown = decide(entry(at: .serial), .unknownCommand).reply?.html
        #expect(unknown?.hasPrefix("⚠️ Unknown command during add flow.\nPlease enter the serial number, /skip") == true)
        let sticker = decide(entry(at: .nickname), .other(.sticker)).reply?.html
        #expect(sticker?.contains("(sticker).\nPlease enter the nickname, or /cancel.") == true)
    }
}

extension Step {
    var label: String { rawValue.prefix(1).uppercased() + rawValue.dropFirst() }
}
