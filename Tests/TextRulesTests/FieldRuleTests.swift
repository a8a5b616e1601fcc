import Testing
import TextRules

@Suite struct FieldRuleTests {
    @Test func `Notes: may hold lines and tabs, as typed on any system`() throws {
        try FieldRule.notes.check("one\ntwo\r\nthree\rfour\tfive")
    }

    @Test(arguments: ["a\nb", "a\tb", "a\r\nb", "a\u{85}b"]) func `Any other field: one line`(_ text: String) {
        #expect(throws: TextRefusal.severalLines) { try FieldRule.line.check(text) }
    }

    @Test(arguments: [FieldRule.line, .notes], ["a\u{0}b", "a\u{1B}[0m", "a\u{7F}b", "a\u{8}b"])
    func `A control character: refused`(_ rule: FieldRule, _ text: String) {
        #expect(throws: TextRefusal.controlCharacter) { try rule.check(text) }
    }

    @Test(arguments: [FieldRule.line, .notes])
    func `Marks that nothing shows: stored as typed`(_ rule: FieldRule) throws {
        try rule.check("\u{202E}\u{5D0}\u{202C}\u{200F}\u{2067}\u{5D1}\u{2069}\u{AD}")
    }

    @Test(arguments: [FieldRule.line, .notes]) func `The bounds: characters and bytes`(_ rule: FieldRule) throws {
        let whole = String(repeating: "e\u{301}", count: rule.charactersMax)
        try rule.check(whole)
        #expect(throws: TextRefusal.tooLong(characters: rule.charactersMax + 1)) { try rule.check(whole + "x") }
        let fits = "xy" + String(repeating: "\u{301}", count: (FieldRule.bytesMax - 2) / 2)
        try rule.check(fits)
        #expect(throws: TextRefusal.tooManyBytes) { try rule.check(fits + "x") }
        try rule.check("")
    }
}
