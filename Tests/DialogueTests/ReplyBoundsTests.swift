import TestSupport
import Testing

@testable import Dialogue

@Suite struct ReplyBoundsTests {
    static let family = "👨‍👩‍👧‍👦"

    @Test(arguments: ["<b>x</b>", "_*[`", "a & b", "\"quoted\" 'it'", "\u{202E}\u{5D0}\u{5D1}", "👨‍👩‍👧‍👦", "&amp;", "]]>"])
    func `Typed text: shown, and never read as markup`(typed: String) throws {
        let escaped = typed.reduce(into: "") { text, character in
            text += ["&": "&amp;", "<": "&lt;", ">": "&gt;", "\"": "&quot;"][character] ?? String(character)
        }
        for step in Step.allCases.dropLast() where step != .nickname {
            let reply = try #require(decide(entry(at: step), .text(typed)).reply)
            #expect(reply.html.hasPrefix("✅ \(step.words.label): <b>\(escaped)</b>\n"))
            #expect(reply.plainText.hasPrefix("✅ \(step.words.label): \(typed)\n"))
            #expect(parsedUnits(reply.html) == reply.plainText.utf16.count)
        }
        let draft = Draft(answers: Dictionary(uniqueKeysWithValues: Step.allCases.map { ($0, .value(typed)) }))
        #expect(Reply.saved(draft).html.contains("• Notes: \(escaped)\n"))
    }

    @Test func `Notes of 2000 characters: shown whole`() {
        let notes = String(repeating: "n", count: 2000)
        let reply = Reply.saved(entry(at: .notes) { $0.answers[.notes] = .value(notes) }.draft)
        #expect(reply.html.contains(notes) && !reply.html.contains("…"))
    }

    @Test func `Notes too wide for a message: shortened between characters`() throws {
        let draft = entry(at: .notes) { $0.answers[.notes] = .value(String(repeating: Self.family, count: 2000)) }.draft
        let reply = Reply.saved(draft)
        #expect(reply.html.contains("• Model: the model\n"))
        #expect(reply.html.contains("\(Self.family)…\n\nView your library"))
        let units = try #require(parsedUnits(reply.html))
        #expect((4080...4096).contains(units))
        let memoryOnly = reply.inMemoryOnly(in: English())
        #expect(memoryOnly.html.hasSuffix("stored as soon as one is back."))
        #expect(try #require(parsedUnits(memoryOnly.html)) <= 4096)
    }

    @Test func `The longest values: shortened first`() {
        let long = String(repeating: "l", count: 100)
        let markup: Markup = "a\("short")b\(bold: long)c\(code: long)"
        #expect(markup.plainText(unitsMax: 208) == "ashortb\(long)c\(long)")
        #expect(
            markup.plainText(unitsMax: 108)
                == "ashortb\(String(repeating: "l", count: 49))…c\(String(repeating: "l", count: 49))…")
        #expect(Markup.shortened("ab", unitsMax: 0) == "")
        #expect(Markup.shortened(Self.family, unitsMax: 5) == "…")
        #expect(Markup.shortened("ab" + Self.family, unitsMax: 12) == "ab…")
    }

    /// Random entries, near and beyond every bound: each reply fits, its tags are balanced, its buttons fit.
    @Test func `Every reply: fits into a message`() {
        let seed = UInt64.random(in: .min ... .max)
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        for _ in 0..<60 {
            let draft = randomDraft(&random)
            let step = Step.allCases.randomElement(using: &random) ?? .nickname
            let current = Entry(step: step, draft: draft, tag: "0123456789abcdef")
            let nickname = draft[.nickname] ?? "x"
            var replies = [
                Reply.saved(draft), Reply.welcomeBack(current), Reply.question(current),
                AddMachine.replay(current, .text("x")).reply, AddMachine.replay(current, .back).reply,
                AddMachine.replay(current, .addMachine).reply,
                Reply.notAllowed(userID: nickname), Reply.library(randomPage(&random)),
            ]
            let decisions = [
                decide(current, .addMachine), decide(current, .help), decide(current, .unknownCommand),
                decide(current, .other(.sticker)), decide(current, .skip),
                decide(current, .back),
                decide(current, .text(randomText(3000, &random))), decide(current, .button(data: "junk")),
                decide(current, .photo(fileID: "f")), AddMachine.nicknameFree(current, nickname),
                AddMachine.nicknameTaken(current, nickname, suggestion: nickname + " (2)"),
                AddMachine.nicknameTaken(current, nickname, suggestion: nil),
                AddMachine.libraryRefused(current, at: step),
            ]
            replies += decisions.compactMap { $0.reply }
            for reply in replies + replies.map({ $0.inMemoryOnly(in: English()) }) {
                let units = parsedUnits(reply.html)
                #expect(units.map { $0 <= 4096 } == true, "seed \(seed): \(units ?? -1) units")
                #expect(reply.html.utf8.count <= 35_000, "seed \(seed)")
                #expect(reply.buttonData.allSatisfy { (1...64).contains($0.utf8.count) }, "seed \(seed)")
                #expect(reply.buttons.joined().allSatisfy { !$0.label.isEmpty && $0.label.utf16.count <= 64 })
                #expect((reply.notice?.count ?? 0) <= 200)
            }
        }
    }

    private func randomText(_ charactersMax: Int, _ random: inout SeededGenerator) -> String {
        let alphabet = [
            "x", "<", "&", "\"", "\u{5D0}", "e\u{301}", Self.family, " ", "_*[", "</b>",
            "x" + String(repeating: "\u{301}", count: 50),
        ]
        let count = [0, 1, 2, charactersMax / 4, charactersMax].randomElement(using: &random) ?? 1
        if Bool.random(using: &random) {
            return String(repeating: alphabet.randomElement(using: &random) ?? "x", count: count)
        }
        return (0..<count).map { _ in alphabet.randomElement(using: &random) ?? "x" }.joined()
    }

    private func randomDraft(_ random: inout SeededGenerator) -> Draft {
        var draft = Draft()
        for step in Step.allCases {
            switch Int.random(in: 0..<6, using: &random) {
            case 0: break
            case 1: draft.answers[step] = .skipped
            default: draft.answers[step] = .value(randomText(step.characters.upperBound, &random))
            }
        }
        draft.photoFileID = Bool.random(using: &random) ? "f" : nil
        draft.manufacturerHint = randomText(500, &random)
        draft.modelHint = randomText(500, &random)
        return draft
    }

    private func randomPage(_ random: inout SeededGenerator) -> LibraryPage {
        let machines = (0..<Int.random(in: 0...20, using: &random)).map { _ in
            MachineLine(
                nickname: randomText(100, &random), manufacturer: randomText(500, &random),
                modelNumber: Bool.random(using: &random) ? nil : randomText(500, &random),
                location: randomText(500, &random))
        }
        return LibraryPage(
            machines: machines, firstNumber: 21, total: 400, query: randomText(500, &random), previousData: "p",
            nextData: "n")
    }
}
