import Dialogue
import Testing

@Suite struct KeptTests {
    private let expired = KeptEntry(entry: entry(at: .location) { $0.photoFileID = "f" }, hasExpired: true)
    private let cancelled = KeptEntry(entry: entry(at: .location), hasExpired: false)
    private let resume = Input.button(data: "resume:location:\(tag)")

    private func decision(_ kept: KeptEntry?, _ input: Input, over entry: Entry? = nil) -> Decision {
        AddMachine.decide(entry, kept: kept, input, newTag: "new")
    }

    @Test(arguments: [
        Input.text("Hall 3"), .skip, .back, .cancel, .unknownCommand, .other(.sticker),
        .button(data: "skip:location:\(tag)"), .button(data: "junk"),
    ])
    func `An input after the expiry: the reply shows all that was told, and a button`(_ input: Input) throws {
        let made = decision(expired, input)
        let reply = try #require(made.reply)
        #expect(made.isReplyOnly && reply.notice == "That entry has expired.")
        for part in ["expired", "the nickname", "the manufacturer", "the model", "Serial: skipped", "📷 Photo"] {
            #expect(reply.plainText.contains(part), "\(part): \(reply.plainText)")
        }
        #expect(reply.buttonData == ["resume:location:\(tag)"])
        // An entry that was cancelled is not mentioned.
        #expect(decision(cancelled, input) == decision(nil, input))
    }

    @Test func `The button: takes up the whole entry, under another tag, at the step where it stopped`() throws {
        for kept in [expired, cancelled] {
            guard case .takeUp(let again, let message) = decision(kept, resume) else {
                Issue.record("it was not taken up")
                continue
            }
            #expect(again == Entry(step: .location, draft: kept.entry.draft, tag: "new"))
            let reply = message.reply
            #expect(reply.html.hasSuffix(Reply.question(again).html) && reply.notice != nil)
            #expect(reply.plainText.contains("the manufacturer"))
            #expect(AddMachine.replay(again, resume) == message)
        }
    }

    @Test func `The button of an entry that is no longer kept: changes nothing and says so`() {
        let other = KeptEntry(entry: Entry(step: .location, draft: Draft(), tag: "other"), hasExpired: false)
        for kept in [nil, other] {
            #expect(decision(kept, resume).isReplyOnly)
            #expect(decision(kept, resume).reply?.notice == "That entry is finished. Nothing was changed.")
            let open = Entry(step: .model, draft: entry(at: .model).draft, tag: "new")
            let notice = decision(kept, resume, over: open).reply?.notice
            #expect(notice?.contains("earlier entry. Nothing was changed") == true)
        }
        // A button of the entry that is open.
        #expect(decision(nil, resume, over: entry(at: .location)).isReplyOnly)
    }

    @Test func `An entry begun while one is kept: says so, and can be left for the kept one`() throws {
        let begun = decision(expired, .addMachine)
        let reply = try #require(begun.reply)
        #expect(begun.saved == Entry(step: .nickname, draft: Draft(), tag: "new"))
        #expect(reply.plainText.contains("“the nickname” has expired"))
        #expect(reply.buttonData.first == "resume:location:\(tag)" && reply.html.contains("Enter a nickname"))
        #expect(AddMachine.replay(try #require(begun.saved), kept: expired, .addMachine).reply == reply)
        guard case .takeUp = decision(expired, resume, over: begun.saved) else {
            Issue.record("it was not taken up")
            return
        }
        // An entry that was cancelled, or has no content, is not mentioned.
        let empty = KeptEntry(entry: Entry(step: .nickname, draft: Draft(), tag: tag), hasExpired: true)
        for kept in [cancelled, empty] { #expect(decision(kept, .addMachine) == decision(nil, .addMachine)) }
    }

    @Test func `Cancel: can be undone if there is something to bring back`() throws {
        let made = decision(nil, .cancel, over: entry(at: .location))
        #expect(made.isCancel && made.reply?.buttonData == ["resume:location:\(tag)"])
        #expect(made.reply == Reply.cancelled(cancelled))
        let begun = Entry(step: .nickname, draft: Draft(), tag: tag)
        #expect(decision(nil, .cancel, over: begun).reply?.buttons == [])
    }

    @Test func `Long values: the replies stay within the bounds of Telegram`() throws {
        let long = KeptEntry(
            entry: entry(at: .notes) { draft in
                for step in Step.allCases.dropLast() {
                    draft.answers[step] = .value(String(repeating: "<😀>", count: step == .nickname ? 33 : 166))
                }
            }, hasExpired: true)
        for input in [Input.text("x"), .addMachine, .button(data: "resume:notes:\(tag)")] {
            let reply = try #require(decision(long, input).reply)
            #expect(try #require(parsedUnits(reply.html)) <= Reply.textUnitsMax)
            #expect(reply.buttonData.allSatisfy { $0.utf8.count <= 64 })
            #expect((reply.notice ?? "").count <= 200)
        }
    }
}
