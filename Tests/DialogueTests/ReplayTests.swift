import Dialogue
import Testing

@Suite struct ReplayTests {
    /// Walks every reachable state: rendering a saved state again gives the reply that was given.
    @Test func `Every saved state: renders the reply that was given`() {
        var seen: Set<Entry> = []
        var waiting: [Entry] = []
        var transitions = 0

        func follow(_ decision: Decision, _ input: Input) {
            guard case .save(let next, let message) = decision else { return }
            transitions += 1
            #expect(AddMachine.replay(next, input) == message, "\(input) -> \(next.step)")
            if seen.insert(next).inserted { waiting.append(next) }
        }

        let begins: [Input] = [
            .addMachine, .button(data: "save_to_library"),
            .saveToLibrary(fileID: "f", manufacturerHint: "Siemens", modelHint: "3RQ"),
            .begin(Draft(photoFileID: "f", nicknameHint: "an answer"), nickname: nil),
        ]
        for input in begins { follow(decide(nil, input), input) }
        while let current = waiting.popLast() {
            let step = current.step.rawValue
            let taps = ["skip", "back", "cancel", "hint", "keep"].map { Input.button(data: "\($0):\(step):\(tag)") }
            let inputs: [Input] =
                begins + taps + [
                    .text("an answer"), .skip, .back, .cancel, .text("skip"), .photo(fileID: "p"), .help,
                    .place("Hall 3"), .commandWithWords(.skip, "2"),
                    .unknownCommand, .other(.sticker), .button(data: "nick:\(tag):an answer"), .text(""),
                ]
            for input in inputs {
                let decision = decide(current, input).next(from: current)
                follow(decision, input)
                // The gateway stores the entry once more, so that the update has its effect.
                if case .begin(_, nil) = input, case .reply(let message) = decision,
                    current.step != .nickname || !current.draft.answers.isEmpty
                {
                    #expect(AddMachine.replay(current, input) == message, "\(input) at \(current.step)")
                }
                if case .complete(let done) = decision {
                    for step in Step.allCases { follow(AddMachine.libraryRefused(done, at: step), input) }
                }
            }
        }
        #expect(Set(seen.map(\.step)) == Set(Step.allCases))
        #expect(transitions > 1000)
        print("replay: \(seen.count) states, \(transitions) saves")
    }

    @Test func `An input that the state has passed: shows the open question`() {
        for step in Step.allCases {
            for input in [Input.addMachine, .text("old"), .skip, .photo(fileID: "f"), .help, .cancel] {
                let current = entry(at: step)
                #expect(AddMachine.replay(current, input).reply.html.hasSuffix(Reply.question(current).html))
            }
        }
    }

    /// What was written below a photo or behind `/addmachine`. Of a step back, and of an entry that is asked one
    /// question again, the entry does not tell which input led to it.
    @Test(arguments: Step.allCases) func `Words that came with a photo or a command: the same reply again`(_ step: Step)
    {
        let current = entry(at: step)
        let captions: [Input] = [
            .answer("Below 7"), .answer(""), .answer("a\u{0}b"), .skip, .help, .unknownCommand("/A-103"),
            .commandWithWords(.skip, "2"), .begin(Draft(), nickname: "Other 9"), .begin(Draft(), nickname: nil),
        ]
        for input in captions.map({ Input.photo(fileID: "new", caption: $0) }) {
            guard case .save(let next, let message) = decide(current, input).next(from: current) else { continue }
            #expect(AddMachine.replay(next, input) == message, "\(input)")
        }
        let named = Input.begin(Draft(), nickname: "Other 9")
        if step != .nickname { #expect(AddMachine.replay(current, named) == decide(current, named).message) }
    }

    @Test(arguments: ["Pump 3", "x", ""]) func `A nickname behind the command: the same reply again`(_ nickname: String)
        throws
    {
        let named = Input.begin(Draft(), nickname: nickname)
        let begun = decide(nil, named).next(from: entry(at: .nickname))
        #expect(AddMachine.replay(try #require(begun.saved), named) == begun.message)
    }
}
