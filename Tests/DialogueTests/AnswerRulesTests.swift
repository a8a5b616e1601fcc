import Testing
import TextRules

@testable import Dialogue

@Suite struct AnswerRulesTests {
    static let family = "👨‍👩‍👧‍👦"
    static let limits: [(Step, Int)] = Step.allCases.map { ($0, $0 == .nickname ? 100 : $0 == .notes ? 2000 : 500) }

    @Test(arguments: limits, ["x", "é", "\u{5D0}", "e\u{301}", "👍🏽"])
    func `The limits: count characters as a person does`(limit: (step: Step, characters: Int), character: String)
        throws
    {
        let whole = String(repeating: character, count: limit.characters)
        let accepted = try AnswerRules.accepted(whole, at: limit.step)
        #expect(accepted == whole && accepted.count == limit.characters)
        let refusal = #expect(throws: TextRefusal.self) {
            try AnswerRules.accepted(whole + character, at: limit.step)
        }
        #expect(refusal == .tooLong(characters: limit.characters + 1))
    }

    @Test func `A nickname: has at least two characters`() throws {
        #expect(throws: TextRefusal.tooShort) { try AnswerRules.accepted("x", at: .nickname) }
        #expect(throws: TextRefusal.tooShort) { try AnswerRules.accepted(Self.family, at: .nickname) }
        #expect(try AnswerRules.accepted("P1", at: .nickname) == "P1")
        #expect(try AnswerRules.accepted("x", at: .model) == "x")
        let tooShort = "❌ Nickname too short. Please enter at least 2 characters.\n\n"
        #expect(decide(entry(at: .nickname), .text("x")).reply?.html.hasPrefix(tooShort) == true)
        #expect(decide(entry(at: .nickname), .text(" ")).reply?.html.hasPrefix(tooShort) == true)
        let long = decide(entry(at: .nickname), .text(String(repeating: "x", count: 101))).reply
        #expect(long?.html.hasPrefix("❌ Nickname too long. Please keep it under 100 characters.\n\n") == true)
    }

    @Test func `An answer that is too long: the reply names the limit and the length`() {
        let decision = decide(entry(at: .notes), .text(String(repeating: "x", count: 2001)))
        #expect(decision.isReplyOnly)
        #expect(decision.reply?.html.contains("at most 2000 characters are accepted, yours has 2001.") == true)
    }

    @Test func `A nickname: normalized`() throws {
        #expect(try AnswerRules.accepted("\u{A0} Main\r\n\t compressor\u{2003}", at: .nickname) == "Main compressor")
        let composed = try AnswerRules.accepted("Cafe\u{301}", at: .nickname)
        #expect(Array(composed.unicodeScalars) == Array("Caf\u{E9}".unicodeScalars))
    }

    @Test func `Any other value: kept as typed`() throws {
        let typed = "a  b\u{A0}Cafe\u{301} <b> _*[`\" \u{202B}\u{5D0}"
        let accepted = try AnswerRules.accepted(" \(typed)\n", at: .location)
        #expect(Array(accepted.unicodeScalars) == Array(typed.unicodeScalars))
        #expect(try AnswerRules.accepted("one\ntwo\n\n\tthree", at: .notes) == "one\ntwo\n\n\tthree")
    }

    @Test(arguments: [Step.manufacturer, .model, .serial, .location], ["a\nb", "a\tb", "a\r\nb", "a\u{85}b"])
    func `A single-line field: refuses line breaks`(step: Step, text: String) {
        #expect(throws: TextRefusal.severalLines) { try AnswerRules.accepted(text, at: step) }
        #expect(decide(entry(at: step), .text(text)).reply?.html.contains("as one line") == true)
    }

    @Test(arguments: Step.allCases, ["a\u{0}b", "a\u{1B}[0m", "a\u{7F}b", "a\u{9F}b", "a\u{8}b"])
    func `A control character: refused`(step: Step, text: String) {
        #expect(throws: TextRefusal.controlCharacter) { try AnswerRules.accepted(text, at: step) }
        #expect(decide(entry(at: step), .text(text)).reply?.html.contains("control character") == true)
    }

    @Test func `A nickname: has at most 1,000 bytes, like in the library`() {
        let fits = "xy" + String(repeating: "\u{363}", count: 499)
        #expect(throws: Never.self) { try AnswerRules.accepted(fits, at: .nickname) }
        #expect(throws: TextRefusal.tooManyBytes) { try AnswerRules.accepted(fits + "x", at: .nickname) }
    }

    @Test(arguments: Step.allCases.filter { $0 != .nickname })
    func `A field: has at most 16 KiB`(step: Step) {
        let mark = "\u{301}"
        let fits = "xy" + String(repeating: mark, count: (16 * 1024 - 2) / mark.utf8.count)
        #expect(throws: Never.self) { try AnswerRules.accepted(fits, at: step) }
        #expect(throws: TextRefusal.tooManyBytes) { try AnswerRules.accepted(fits + mark, at: step) }
        // Within the bound as typed, beyond it in NFC.
        let growing = String(repeating: "\u{FB2C}", count: 16 * 1024 / 3)
        #expect(throws: TextRefusal.self) { try AnswerRules.accepted(growing, at: .nickname) }
    }

    @Test func `A text with more than the word skip: never counts as skipped`() {
        #expect(decide(entry(at: .model), .text("skip it")).saved?.draft[.model] == "skip it")
        #expect(decide(entry(at: .model), .text("/")).saved?.draft[.model] == "/")
    }
}
