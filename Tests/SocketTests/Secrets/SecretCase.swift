import TestSupport

/// Settings with a secret somewhere in them, right or wrong, and their source.
struct SecretCase: Sendable {
    /// What happens to a shape on the way to the settings.
    enum Change: Sendable {
        case none
        /// Only the first `n` thousandths remain (`cut`), or only those after them (`cutBefore`).
        case cut(Int), cutBefore(Int)
        case doubled(String)
        case wrapped(String, String)

        /// A name for the kind; programs treat the changes of one kind alike.
        var kind: String {
            switch self {
            case .none: "whole"
            case .cut: "cut"
            case .cutBefore: "cut before"
            case .doubled(let separator): "doubled by \(separator.debugDescription)"
            case .wrapped(let start, let end): "within \((start + end).debugDescription)"
            }
        }
    }

    /// The place from which the secret is read.
    enum Source: Sendable {
        case environment
        /// - Parameters:
        ///   - lineEnd: between the lines, and after the last one if `hasLastEnd`.
        ///   - quote: around values.
        case file(lineEnd: String, start: String, quote: String, hasLastEnd: Bool)
        case credential(end: String)

        var kind: String {
            switch self {
            case .environment: "environment"
            case .file(let lineEnd, let start, let quote, _): "file \((start + lineEnd + quote).debugDescription)"
            case .credential(let end): "credential \(end.debugDescription)"
            }
        }
    }

    /// The settings of the programs.
    struct Settings {
        var variables: [String: String]
        /// The content of `rivet.env`.
        var file: String?
        /// The credentials by their names.
        var credentials: [String: String]
    }

    var shape: String
    var isGood: Bool
    var change: Change
    /// The variable that has the secret.
    var variable: String
    var source: Source
    /// The other lines of the same source, in order; nil for the line of the secret itself.
    var lines: [(name: String, value: String)?]
    /// The behavior of the server that the URL names.
    var manner: FakePostgres.Manner

    static let tokenVariable = "TELEGRAM_BOT_TOKEN"
    static let urlVariable = "NEON_DATABASE_URL"

    private static let credentialNames = [tokenVariable: "telegram-bot-token", urlVariable: "neon-database-url"]

    /// Whether programs show nothing at all of this variable's value.
    var isInSecretVariable: Bool { Self.credentialNames[variable] != nil }

    var description: String {
        "\(variable) = \(shape), \(change.kind), from \(source.kind); the server: \(manner)"
    }

    /// The settings with `mark` in place of the secret, and with `word` where a password is an ordinary word.
    func settings(_ mark: SecretMark, word: String, port: UInt16) -> Settings {
        func filled(_ text: String) -> String { Self.filled(text, mark, word, port) }
        let secret = secret(mark, word: word, port: port)
        var settings = Settings(variables: [:], credentials: [:])
        for case let (name, value)? in lines where !isFile { settings.variables[name] = filled(value) }
        switch source {
        case .environment: settings.variables[variable] = secret
        case .credential(let end):
            if let name = Self.credentialNames[variable] { settings.credentials[name] = secret + end }
        case .file(let lineEnd, let start, let quote, let hasLastEnd):
            let lines = lines.map { line in
                line.map { "\($0.name)=\(filled($0.value))" } ?? "\(variable)=\(quote)\(secret)\(quote)"
            }
            settings.file = start + lines.joined(separator: lineEnd) + (hasLastEnd ? lineEnd : "")
        }
        return settings
    }

    /// The text in the variable or the credential.
    func secret(_ mark: SecretMark, word: String, port: UInt16) -> String {
        changed(Self.filled(shape, mark, word, port))
    }

    private static func filled(_ text: String, _ mark: SecretMark, _ word: String, _ port: UInt16) -> String {
        text.replacing("{M}", with: mark.word).replacing("{W}", with: word)
            .replacing("{H}", with: "127.0.0.1:\(port)").replacing("{P}", with: "\(port)")
    }

    private var isFile: Bool {
        if case .file = source { true } else { false }
    }

    private func changed(_ text: String) -> String {
        // Both versions of a case are cut at the same place, so the place is counted in characters.
        func place(_ thousandths: Int) -> Int { text.count * thousandths / 1_000 }
        return switch change {
        case .none: text
        case .cut(let thousandths): String(text.prefix(place(thousandths)))
        case .cutBefore(let thousandths): String(text.dropFirst(place(thousandths)))
        case .doubled(let separator): text + separator + text
        case .wrapped(let start, let end): start + text + end
        }
    }
}

extension SecretCase {
    static func random(using random: inout SeededGenerator) -> SecretCase {
        let isToken = Int.random(in: 0..<4, using: &random) == 0
        let isGood = Int.random(in: 0..<5, using: &random) < 2
        let shapes =
            isToken
            ? isGood ? SecretShapes.goodTokens : SecretShapes.badTokens
            : isGood ? SecretShapes.goodURLs : SecretShapes.badURLs
        let shape = shapes.randomElement(using: &random) ?? ""
        var change = randomChange(&random)
        let source = randomSource(&random)
        var variable = isToken ? tokenVariable : urlVariable
        // Cut after the "@" of its password, a URL names another host and is valid; what it names may be shown.
        if case .cut = change, shape.contains("@{M}") { change = .none }
        switch Int.random(in: 0..<10, using: &random) {
        case 0: variable = isToken ? urlVariable : tokenVariable
        case 1, 2:
            // No credential has one of these names.
            if case .credential = source { break }
            variable = SecretShapes.wrongVariables.randomElement(using: &random) ?? variable
            // A short rest of a secret looks like a value that belongs there, and it may be shown.
            switch change {
            case .cut, .cutBefore: change = .none
            default: break
            }
        default: break
        }
        var lines: [(String, String)?] = [
            nil, (tokenVariable, "7000000001:{M}"), (urlVariable, "postgresql://me:{M}@{H}/rivet?sslmode=disable"),
            ("RIVET_SWEEP_INTERVAL", "1h"), ("RIVET_LOG_LEVEL", "info"),
        ]
        lines.removeAll { $0.map { $0.0 == variable } ?? false }
        if Bool.random(using: &random) { lines.removeAll { $0.map { $0.0 == tokenVariable } ?? false } }
        lines.shuffle(using: &random)
        let isWhole = if case .none = change { true } else { false }
        return SecretCase(
            shape: shape, isGood: isGood && isWhole && variable == (isToken ? tokenVariable : urlVariable),
            change: change, variable: variable, source: source,
            lines: lines.map { $0.map { (name: $0.0, value: $0.1) } },
            manner: FakePostgres.Manner.allCases.randomElement(using: &random) ?? .wrongPassword)
    }

    private static func randomChange(_ random: inout SeededGenerator) -> Change {
        switch Int.random(in: 0..<10, using: &random) {
        case 0: .cut(.random(in: 100..<1_000, using: &random))
        case 1: .cutBefore(.random(in: 1..<900, using: &random))
        case 2: .doubled(["", ",", ";", " ", "\n", "\r\n", "&", "\t"].randomElement(using: &random) ?? "")
        case 3:
            ([
                .wrapped(" ", "\t"), .wrapped("\u{FEFF}", "\r\n"), .wrapped("'", "'"), .wrapped("\"", "\""),
                .wrapped("", "\u{2028}x"), .wrapped("", "\0x"), .wrapped("", "\u{A0}"), .wrapped("x", "\\"),
            ] as [Change]).randomElement(using: &random) ?? .none
        default: .none
        }
    }

    private static func randomSource(_ random: inout SeededGenerator) -> Source {
        switch Int.random(in: 0..<3, using: &random) {
        case 0: .environment
        case 1: .credential(end: ["", "\n", "\r\n", " \n\n", "\n{again}\n"].randomElement(using: &random) ?? "")
        default:
            .file(
                lineEnd: ["\n", "\r\n", "\r\n", "\r"].randomElement(using: &random) ?? "\n",
                start: ["", "", "\u{FEFF}", "# Rivet\r\n"].randomElement(using: &random) ?? "",
                quote: ["", "", "'", "\""].randomElement(using: &random) ?? "", hasLastEnd: .random(using: &random))
        }
    }
}
