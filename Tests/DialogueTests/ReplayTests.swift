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
            let again = AddMachine.replay(next, input)
            // Of a caption that was refused only the photo is stored, and the same photo is kept again.
            #expect(again == message || input.isCaptionedPhoto && again == .addMachine(.photoKept(next)), "\(input)")
            if seen.insert(next).inserted { waiting.append(next) }
        }

        let begins: [Input] = [
            .addMachine, .button(data: "save_to_library"),
            .saveToLibrary(fileID: "f", manufacturerHint: "Siemens", modelHint: "3RQ"),
            .begin(Draft(photoFileID: "f", nicknameHint: "an answer"), nickname: nil),
        ]
        for input in begins { follow(decide(nil, input), input) }
        let named = Input.begin(Draft(), nickname: "an answer")
        follow(decide(nil, named).next(from: entry(at: .nickname)), named)
        while let current = waiting.popLast() {
            let step = current.step.rawValue
            let taps = ["skip", "back", "cancel", "hint", "keep"].map { Input.button(data: "\($0):\(step):\(tag)") }
            let inputs: [Input] =
                begins + taps + [
                    .text("an answer"), .skip, .back, .cancel, .text("skip"), .photo(fileID: "p"), .help,
                    .photo(fileID: "p", caption: .answer("an answer")), .photo(fileID: "p", caption: .skip),
                    .photo(fileID: "p", caption: .back), .place("Hall 3"), .commandWithWords(.skip, "2"),
                    .begin(Draft(), nickname: "an answer"),
                    .unknownCommand, .other(.sticker), .button(data: "nick:\(tag):an answer"), .text(""),
                ]
            for input in inputs {
                let decision = decide(current, input).next(from: current)
                follow(decision, input)
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
}

extension Input {
    fileprivate var isCaptionedPhoto: Bool { if case .photo(_, _?) = self { true } else { false } }
}
