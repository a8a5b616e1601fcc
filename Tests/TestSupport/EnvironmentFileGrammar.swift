/// Makes difficult settings files: quotes, backslashes, line ends, comments and bad names in any order.
public struct EnvironmentFileGrammar {
    private static let names = [
        "A", "B", "C", "Bc_9", "_", "1A", "A B", "export A", "export", "", "A.B", "A-B", "\u{E4}", "\u{FEFF}A", "'A'",
        "A\\", "#A", "A#", "[A]",
    ]
    private static let blanks = ["", "", "", " ", "\t", "  \t", "\u{B}", "\u{A0}"]
    private static let lineEnds = [
        "\n", "\n", "\n", "\r\n", "\r\n", "\r", "\n\r", "\\\n", "\\\r\n", "\\\\\n", " \n", "",
    ]
    private static let pieces = [
        "a", "bc", " ", "\t", "'", "\"", "''", "\"\"", "'a b'", "\"a b\"", "'a\\'", "\"a\\\"", "\\", "\\\\", "\\'",
        "\\\"",
        "\\n", "\\$", "\\`", "$A", "`", "#", " #", ";", "=", "it's", "\\ ", "\\\t", "\\\n", "\\\r", "\\\r\n", "'\n'",
        "\"\n\"",
        "\u{E4}", "\u{1F600}", "\u{1}", "\u{7F}", "\u{85}", "\u{2028}", "\u{FEFF}", "%i", "${A}",
    ]
    /// Each of these makes systemd refuse the file.
    private static let spoilers: [[UInt8]] = [
        [0], [0xFF], [0xC3], [0xA4], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xEF, 0xBF, 0xBF], [0xEF, 0xB7, 0x90],
        [0xF4, 0x90, 0x80, 0x80], [0xF0, 0x9F, 0xBF, 0xBE],
    ]

    private var generator: SeededGenerator

    public init(_ generator: SeededGenerator) { self.generator = generator }

    public mutating func file() -> [UInt8] {
        var bytes: [UInt8] = chance(20) ? [0xEF, 0xBB, 0xBF] : []
        for _ in 0..<Int.random(in: 1...7, using: &generator) { bytes += line() }
        if chance(12) {
            let place = Int.random(in: 0...bytes.count, using: &generator)
            bytes.insert(contentsOf: pick(Self.spoilers), at: place)
        }
        return bytes
    }

    private mutating func line() -> [UInt8] {
        var line = pick(Self.blanks)
        switch Int.random(in: 0..<10, using: &generator) {
        case 0: line += value(8)
        case 1, 2: line += pick(["#", ";"]) + value(3)
        case 3: break
        default: line += pick(Self.names) + pick(Self.blanks) + "=" + pick(Self.blanks) + value(6)
        }
        return Array((line + pick(Self.lineEnds)).utf8)
    }

    private mutating func value(_ piecesMax: Int) -> String {
        var value = ""
        for _ in 0..<Int.random(in: 0...piecesMax, using: &generator) { value += pick(Self.pieces) }
        return value
    }

    /// True once in `count` times on average.
    private mutating func chance(_ count: Int) -> Bool { Int.random(in: 0..<count, using: &generator) == 0 }

    private mutating func pick<Element>(_ choices: [Element]) -> Element {
        choices[Int.random(in: choices.indices, using: &generator)]
    }
}
