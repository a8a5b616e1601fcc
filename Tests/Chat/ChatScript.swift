import Foundation

/// A scripted conversation. `ChatOptions.usage` has the syntax.
struct ChatScript {
    enum Step: Equatable {
        case send(String)
        case tap(String)
        case photo(path: String)
        case expect(String)
        case run(String)
        case say(String)
    }

    struct Line {
        let number: Int
        let step: Step
    }

    let name: String
    let lines: [Line]

    init(contentsOf path: String) throws(ChatError) {
        guard let data = FileManager.default.contents(atPath: path) else { throw ChatError("cannot read \(path)") }
        name = path
        var lines: [Line] = []
        let text = String(decoding: data, as: UTF8.self)
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let trimmed = line.trimmingCharacters(in: .whitespaces)
            if trimmed.isEmpty || trimmed.hasPrefix("#") { continue }
            guard let step = Self.parse(trimmed) else {
                throw ChatError("\(path):\(index + 1): not understood: \(trimmed)")
            }
            lines.append(Line(number: index + 1, step: step))
        }
        self.lines = lines
    }

    private static func parse(_ line: String) -> Step? {
        if line.hasPrefix(">") { return .send(String(line.dropFirst()).trimmingCharacters(in: .whitespaces)) }
        let parts = line.split(separator: " ", maxSplits: 1).map(String.init)
        let rest = parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
        switch parts[0] {
        case "say": return .say(rest)
        case _ where rest.isEmpty: return nil
        case "tap": return .tap(rest)
        case "photo": return .photo(path: rest)
        case "expect": return .expect(rest)
        case "run": return .run(rest)
        default: return nil
        }
    }
}
