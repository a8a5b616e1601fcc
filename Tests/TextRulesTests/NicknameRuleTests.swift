import TestSupport
import Testing
import TextRules

@Suite struct NicknameRuleTests {
    static let family = "👨‍👩‍👧‍👦"

    /// Compares scalars: `==` of strings is true for every form.
    private func expectStored(_ typed: String, as stored: String) throws {
        let found = try NicknameRule.stored(typed)
        #expect(Array(found.unicodeScalars) == Array(stored.unicodeScalars), "\(found.debugDescription)")
    }

    @Test(arguments: [
        ("Pump", "Pump"), ("\u{A0} Main \t compressor\r\n2\u{2003}", "Main compressor 2"), ("e\u{301}tau", "\u{E9}tau"),
        // A mark after white space stays; a joiner that joins nothing is left out.
        ("Pump \u{301}x", "Pump \u{301}x"), (" \u{308}Ab", "\u{308}Ab"), ("a \u{200D}b", "a b"),
        ("مضخة ١", "مضخة ١"),
    ])
    func `White space and form: folded and composed`(_ typed: String, _ stored: String) throws {
        try expectStored(typed, as: stored)
    }

    @Test(arguments: [
        "\u{AD}", "\u{200B}", "\u{200C}", "\u{200D}", "\u{2060}", "\u{FEFF}", "\u{200E}", "\u{2066}", "\u{202A}",
        "\u{3164}",
        "\u{FE0F}", "\u{34F}", "\u{E0041}",
    ])
    func `An invisible character: left out, at any position`(_ invisible: String) throws {
        for typed in ["\(invisible)Pump 1", "Pu\(invisible)mp 1", "Pump \(invisible) 1\(invisible)"] {
            try expectStored(typed, as: "Pump 1")
        }
        #expect(throws: TextRefusal.blank) { try NicknameRule.stored(invisible + " " + invisible) }
    }

    @Test(arguments: [
        "👩‍🔧🔧", family, "❤️‍🔥 1", "👍🏽 x", "🏴\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F} x", "1️⃣ x", "🇩🇪 x", "♂️ x",
        "👁️‍🗨️ x", "⚠\u{FE0E} x",
    ])
    func `An emoji of several scalars: kept whole`(_ emoji: String) throws {
        let typed = emoji == Self.family ? emoji + "x" : emoji
        try expectStored(typed, as: typed)
    }

    @Test(arguments: ["\u{202D}Pump", "Pu\u{202E}mp"]) func `A direction override: refused`(_ typed: String) {
        #expect(throws: TextRefusal.directionOverride) { try NicknameRule.stored(typed) }
    }

    @Test(arguments: [
        ("", TextRefusal.blank), ("\u{2800}\u{2800}", .blank), (" \n", .blank), ("P", .tooShort), (" P ", .tooShort),
        (family, .tooShort),
        ("P\u{0}ump", .controlCharacter), ("P\u{1B}[31mump", .controlCharacter),
        (String(repeating: "x", count: 101), .tooLong(characters: 101)),
        ("xy" + String(repeating: "\u{363}", count: 500), .tooManyBytes),
        (String(repeating: " ", count: 16_384) + "x", .tooManyBytes),
    ])
    func `A text that cannot be a nickname: refused with the reason`(_ typed: String, _ refusal: TextRefusal) {
        #expect(throws: refusal) { try NicknameRule.stored(typed) }
    }

    @Test(arguments: [
        "é", "e\u{301}", "👍🏽", "\u{5D0}",
    ]) func `The length: counted as a person counts`(_ character: String) throws {
        let whole = String(repeating: character, count: 100)
        #expect(try NicknameRule.stored(whole).count == 100)
        #expect(throws: TextRefusal.tooLong(characters: 101)) { try NicknameRule.stored(whole + character) }
    }

    @Test(arguments: UInt64(1)...200) func `The stored form of a stored form: the same`(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let parts = [
            "a", "Z", "1", "#", " ", "\t", "\n", "\u{A0}", "\u{301}", "\u{308}", "\u{34F}", "\u{200D}", "\u{200C}",
            "\u{FE0F}",
            "\u{FE0E}", "\u{20E3}", "👩", "🔧", "❤", "🏽", "🏴", "\u{E0067}", "\u{E007F}", "\u{AC00}", "\u{1100}",
            "\u{1161}",
            "\u{3164}", "\u{212B}", "\u{FB2C}", "\u{2000}", "\u{1F3F3}", "ß", "İ",
        ]
        for _ in 0..<200 {
            let typed = (0..<Int.random(in: 0...12, using: &random)).map { _ in
                parts.randomElement(using: &random) ?? ""
            }.joined()
            guard let once = try? NicknameRule.stored(typed) else { continue }
            let twice = try? NicknameRule.stored(once)
            #expect(
                twice.map { Array($0.unicodeScalars) } == Array(once.unicodeScalars),
                "seed \(seed): \(typed.debugDescription)")
        }
    }
}
