import Testing

@testable import Dialogue

/// Captions, commands with words, texts that look like commands, places.
@Suite struct WhatPeopleSendTests {
    @Test(arguments: Step.allCases) func `A caption in mid-flow: the answer, and the photo is kept`(_ step: Step) throws
    {
        let current = entry(at: step)
        let decision = decide(current, .photo(fileID: "new", caption: Input(typed: "Value 7"))).next(from: current)
        let draft: Draft
        if step == .notes {
            guard case .complete(let done) = decision else {
                Issue.record("\(decision)")
                return
            }
            draft = done.draft
        } else {
            let saved = try #require(decision.saved)
            #expect(saved.step == step.next)
            draft = saved.draft
        }
        #expect(draft[step] == "Value 7" && draft.photoFileID == "new")
    }

    @Test func `A caption that is refused: the photo is kept all the same, and the question is asked again`() throws {
        let decision = decide(entry(at: .nickname), .photo(fileID: "new", caption: .answer("x")))
        let saved = try #require(decision.saved)
        #expect(saved.step == .nickname && saved.draft.photoFileID == "new" && saved.draft[.nickname] == nil)
        #expect(decision.reply?.plainText.hasPrefix("❌ Nickname too short.") == true)
    }

    @Test func `A caption whose nickname is taken: the photo is kept all the same`() throws {
        guard
            case .checkNickname(let nickname, let waiting, let isStored) = decide(
                entry(at: .nickname), .photo(fileID: "new", caption: .answer("Pump")))
        else {
            Issue.record("it is not checked")
            return
        }
        #expect(!isStored && waiting.draft.photoFileID == "new")
        let taken = AddMachine.nicknameTaken(waiting, nickname, suggestion: "Pump (2)", isStored: isStored)
        #expect(taken.saved == waiting && taken.reply?.buttonData.first == "nick:\(tag):Pump (2)")
    }

    @Test func `A skip or a cancel in a caption: works as the command`() throws {
        let skipped = try #require(decide(entry(at: .model), .photo(fileID: "new", caption: .skip)).saved)
        #expect(skipped.step == .serial && skipped.draft.photoFileID == "new")
        #expect(decide(entry(at: .model), .photo(fileID: "new", caption: .cancel)).isCancel)
        #expect(
            decide(nil, .photo(fileID: "new", caption: .cancel)).reply?.plainText.hasPrefix("Nothing to cancel") == true
        )
        #expect(decide(nil, .photo(fileID: "new", caption: .answer("Pump"))).message == .photo(.offer))
    }

    @Test func `A caption without an entry: proposed as the nickname, and taken only by a tap`() throws {
        let begun = try #require(decide(nil, .begin(Draft(photoFileID: "f", nicknameHint: "Main pump"))).saved)
        let question = Reply.question(begun)
        #expect(question.html.contains("💡 Detected: Main pump"))
        #expect(question.buttons.first == [.init(label: "💡 Main pump", data: "hint:nickname:\(tag)")])
        #expect(
            decide(begun, .button(data: "hint:nickname:\(tag)"))
                == .checkNickname("Main pump", begun, isStored: true))
    }

    @Test func `A nickname behind /addmachine: answers the first question`() throws {
        guard
            case .checkNickname(let nickname, let begun, let isStored) = decide(
                nil, .begin(Draft(), nickname: "Pump  3"))
        else {
            Issue.record("it is not checked")
            return
        }
        #expect(nickname == "Pump 3" && !isStored && begun == Entry(step: .nickname, draft: Draft(), tag: tag))
        #expect(AddMachine.nicknameFree(begun, nickname).saved?.draft[.nickname] == "Pump 3")
        #expect(AddMachine.nicknameTaken(begun, nickname, suggestion: nil, isStored: false).saved == begun)
        // One that is refused begins the entry and says why.
        let short = decide(nil, .begin(Draft(), nickname: "P"))
        #expect(short.saved?.step == .nickname && short.reply?.plainText.hasPrefix("❌ Nickname too short.") == true)
        let inFlow = decide(entry(at: .serial), .begin(Draft(), nickname: "Pump 3"))
        #expect(inFlow.isReplyOnly && inFlow.reply?.plainText.contains("Pump 3 was not taken") == true)
    }

    @Test(arguments: [AddMachineCommand.skip, .back, .cancel])
    func `A command with words: drops nothing before it is confirmed`(_ command: AddMachineCommand) {
        let current = entry(at: .serial)
        let decision = decide(current, .commandWithWords(command, "the old contract"))
        #expect(decision.isReplyOnly)
        #expect(decision.reply?.plainText.hasPrefix("❓ /\(command.rawValue) the old contract: nothing was") == true)
        #expect(decision.reply?.buttons == Reply.question(current).buttons)
        #expect(
            decide(nil, .commandWithWords(command, "2")).reply?.plainText.hasPrefix("Nothing to \(command.rawValue)")
                == true)
    }

    @Test(arguments: Step.allCases) func `The words back and cancel: answers like any other`(_ step: Step) {
        let current = entry(at: step)
        for word in ["back", "Cancel"] {
            let decision = decide(current, Input(typed: word)).next(from: current)
            #expect(!decision.isReplyOnly && !decision.isCancel)
        }
        #expect(Input(typed: " SKIP\n") == .skip)
    }

    @Test(arguments: Step.allCases) func `A text that looks like a command: taken as the answer by a tap`(_ step: Step)
        throws
    {
        let current = entry(at: step)
        let decision = decide(current, .unknownCommand("/A-103"))
        #expect(decision.isReplyOnly)
        let button = try #require(decision.reply?.buttons.first?.first)
        #expect(button.label == "✅ /A-103" && button.data == "use:\(step.rawValue):\(tag):/A-103")
        let taken = decide(current, .button(data: button.data)).next(from: current)
        #expect(!taken.isReplyOnly)
        // At another step, the button is old.
        if let next = step.next { #expect(decide(entry(at: next), .button(data: button.data)).isReplyOnly) }
        let long = decide(current, .unknownCommand("/A-" + String(repeating: "x", count: 60)))
        #expect(long.reply?.buttons == Reply.question(current).buttons)
        #expect(long.reply?.plainText.contains("with a word in front of the slash") == true)
    }

    @Test func `A value with colons: survives a button`() {
        #expect(TapData("use:serial:\(tag):a:b:c") == .value("a:b:c", .serial, tag: tag))
        #expect(TapData.value("a:b:c", .serial, tag: tag).encoded == "use:serial:\(tag):a:b:c")
        #expect(TapData("use:serial:\(tag)") == nil && TapData("use:x:\(tag):v") == nil)
    }

    @Test(arguments: Step.allCases) func `A place: the answer to the location, and to no other question`(_ step: Step) {
        let current = entry(at: step)
        let decision = decide(current, .place("Hall 3, Dock Road"))
        if step == .location {
            #expect(decision.saved?.draft[.location] == "Hall 3, Dock Road")
        } else {
            #expect(decision.isReplyOnly && decision.reply?.plainText.contains("(location)") == true)
        }
    }

    @Test(arguments: Step.allCases) func `A question in a group: asks for a reply instead of showing buttons`(
        _ step: Step
    ) {
        let question = Reply.question(entry(at: step)).inGroup(in: English())
        #expect(question.buttons.isEmpty && question.isQuestion)
        for command in ["/skip", "/back", "/cancel"] { #expect(question.plainText.contains(command)) }
        // Buttons that the text names stay, and so do those of other messages.
        let slash = decide(entry(at: step), .unknownCommand("/A-103")).reply?.inGroup(in: English())
        #expect(slash?.buttons.first?.first?.label == "✅ /A-103")
        let offer = AnyMessage.photo(.offer).reply
        #expect(offer.inGroup(in: English()) == offer)
    }

    @Test func `A nickname behind /addmachine beside an expired entry: proposed, so that the entry can be taken up`()
        throws
    {
        let expired = KeptEntry(entry: entry(at: .location), hasExpired: true)
        let decision = AddMachine.decide(nil, kept: expired, .begin(Draft(), nickname: "Pump 3"), newTag: "new")
        let begun = try #require(decision.saved)
        #expect(begun.step == .nickname && begun.draft.answers.isEmpty && begun.draft.nicknameHint == "Pump 3")
        let reply = try #require(decision.reply)
        #expect(reply.buttonData.first == "resume:location:\(tag)" && reply.plainText.contains("has expired"))
        #expect(reply.buttonData.contains("hint:nickname:new"))
        #expect(AddMachine.replay(begun, kept: expired, .begin(Draft(), nickname: "Pump 3")) == decision.message)
    }

    @Test func `/addmachine below a photo: begins with it, or keeps it with the open entry`() throws {
        let begin = Input.photo(fileID: "new", caption: .begin(Draft(), nickname: nil))
        #expect(decide(nil, begin).saved?.draft.photoFileID == "new")
        let kept = decide(entry(at: .serial), begin)
        #expect(kept.saved?.draft.photoFileID == "new" && kept.saved?.step == .serial)
        #expect(kept.reply?.plainText.contains("in-progress") == true)
    }

    @Test func `A nickname that was taken: the replay says so, without a proposal`() throws {
        let named = Input.begin(Draft(), nickname: "Pump")
        let begun = Entry(step: .nickname, draft: Draft(), tag: tag)
        #expect(AddMachine.replay(begun, named) == .addMachine(.nicknameTaken("Pump", suggestion: nil, begun)))
        var photographed = begun
        photographed.draft.photoFileID = "p"
        let captioned = Input.photo(fileID: "p", caption: .answer("Pump"))
        #expect(
            AddMachine.replay(photographed, captioned)
                == .addMachine(.nicknameTaken("Pump", suggestion: nil, photographed)))
    }
}
