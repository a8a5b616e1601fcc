/// A habit of the code that a program can check.
struct TidyRule: Sendable, CustomStringConvertible {
    /// The rule in a sentence, as a failure shows it.
    var description: String
    /// What breaks the rule: `path:line: why`.
    var breaches: @Sendable (SourceFile) -> [String]

    init(_ description: String, _ breaches: @escaping @Sendable (SourceFile) -> [String]) {
        self.description = description
        self.breaches = breaches
    }

    /// A rule for each line by itself; the check returns why the line breaks it.
    static func line(_ description: String, _ check: @escaping @Sendable (String) -> String?) -> TidyRule {
        TidyRule(description) { file in
            file.lines.enumerated().compactMap { index, line in
                check(line).map { "\(file.path):\(index + 1): \($0)" }
            }
        }
    }
}

extension TidyRule {
    static let columnsMax = 120
    static let functionLinesMax = 60
    /// A test may list all transitions of a state machine, or all steps of a scenario.
    static let testFunctionLinesMax = 100
    static let fileLinesMax = 400

    static let all: [TidyRule] = [commentWidth, plainEnglish, functionLength, fileLength, escapeHatches]

    /// swift-format wraps code and leaves comments alone.
    static let commentWidth = line("A comment has at most \(columnsMax) columns") { line in
        guard let comment = comment(of: line), comment.isWhole, line.count > columnsMax else { return nil }
        return "\(line.count) columns"
    }

    /// Words that make a reader parse a sentence twice, and that no field of this project needs.
    static let riddles = [
        "nobody", "somebody", "anew", "whoever", "be it", "mend", "mends", "mended", "goes after", "who lacks",
        "is it another", "has nobody", "of its own accord",
    ]

    static let plainEnglish = line("A comment is plain English") { line in
        guard let comment = comment(of: line)?.text else { return nil }
        let words = comment.lowercased().split { !$0.isLetter && $0 != "'" }.joined(separator: " ")
        let found = riddles.filter { " \(words) ".contains(" \($0) ") }
        return found.isEmpty ? nil : "says \(found.joined(separator: ", "))"
    }

    static let functionLength = TidyRule("A function has at most \(functionLinesMax) lines") { file in
        var breaches: [String] = []
        // Functions whose ends are not found yet, from the outermost.
        var open: [(line: Int, end: String)] = []
        for (index, line) in file.lines.enumerated() {
            let indent = line.prefix { $0 == " " }
            let words = line.dropFirst(indent.count).split(separator: " ", maxSplits: 8)
            let isFunction = words.contains { $0 == "func" || $0.hasPrefix("init(") || $0 == "deinit" }
            if isFunction, comment(of: line)?.isWhole != true {
                // One at the same indent that is still open has no body: a requirement of a protocol.
                if open.last?.end == indent + "}" { open.removeLast() }
                let isOneLine = line.contains("{") && line.hasSuffix("}")
                if !isOneLine { open.append((index, indent + "}")) }
            }
            while let last = open.last, last.end.count - 1 > indent.count, !line.isEmpty { open.removeLast() }
            if let (start, end) = open.last, line == end {
                let count = index - start + 1
                let most = file.isTest ? testFunctionLinesMax : functionLinesMax
                if count > most { breaches.append("\(file.path):\(start + 1): \(count) lines") }
                open.removeLast()
            }
        }
        return breaches
    }

    static let fileLength = TidyRule("A file has at most \(fileLinesMax) lines") { file in
        let count = file.lines.count - (file.lines.last == "" ? 1 : 0)
        return count > fileLinesMax ? ["\(file.path): \(count) lines"] : []
    }

    /// What switches a check of the compiler off names the invariant that takes its place.
    static let escapeHatches = TidyRule("What the compiler does not check has a SAFETY: line beside it") { file in
        file.lines.enumerated().compactMap { index, line in
            let code = comment(of: line)?.code ?? line
            let hatches = [
                "@unchecked Sendable", "nonisolated(unsafe)", "try!", "as!", "unsafeBitCast", "unowned(unsafe)",
            ]
            guard let hatch = hatches.first(where: { withoutStrings(code).contains($0) }) else { return nil }
            let around = file.lines[max(0, index - 6)..<min(file.lines.count, index + 3)]
            return around.contains { $0.contains("SAFETY:") } ? nil : "\(file.path):\(index + 1): \(hatch)"
        }
    }

    /// Code without the contents of its strings on one line.
    private static func withoutStrings(_ code: String) -> String {
        code.split(separator: "\"", omittingEmptySubsequences: false).enumerated()
            .filter { $0.offset.isMultiple(of: 2) }.map { String($0.element) }.joined(separator: "\"")
    }

    /// The comment of a line and the code before it; nil if there is none. A string that holds `//` has a quote before it.
    private static func comment(of line: String) -> (code: String, text: String, isWhole: Bool)? {
        guard let start = line.firstRange(of: "//") else { return nil }
        let code = line[..<start.lowerBound]
        guard !code.contains("\"") else { return nil }
        return (String(code), String(line[start.upperBound...]), code.allSatisfy { $0 == " " })
    }
}
