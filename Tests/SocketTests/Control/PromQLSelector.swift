/// A metric in a PromQL expression, with the matchers for its labels.
struct PromQLSelector: Equatable {
    struct Matcher: Equatable {
        var label: String
        /// `=`, `!=`, `=~` or `!~`.
        var relation: String
        var value: String
    }

    var metric: String
    var matchers: [Matcher] = []

    /// All selectors in `expression`, which promtool has accepted.
    static func all(in expression: String) -> [PromQLSelector] {
        var reader = Reader(expression)
        return reader.selectors()
    }

    /// Whether a sample with `labels` is selected. Matchers for the labels that Prometheus adds when it scrapes are
    /// ignored.
    func matches(_ labels: [String: String]) -> Bool {
        matchers.allSatisfy { matcher in
            guard !["instance", "job"].contains(matcher.label) else { return true }
            let value = labels[matcher.label] ?? ""
            let pattern = try? Regex(matcher.value)
            switch matcher.relation {
            case "=": return value == matcher.value
            case "!=": return value != matcher.value
            case "=~": return pattern.map { value.wholeMatch(of: $0) != nil } ?? false
            default: return pattern.map { value.wholeMatch(of: $0) == nil } ?? false
            }
        }
    }
}

extension PromQLSelector {
    /// Reads an expression once, byte by byte.
    ///
    /// It is no PromQL parser: it knows only where names, labels and strings begin and end.
    private struct Reader {
        /// These words are followed by a list of labels in parentheses, which are no metrics.
        private static let grouping: Set = ["by", "without", "on", "ignoring", "group_left", "group_right"]
        private static let words: Set = [
            "and", "or", "unless", "bool", "offset", "inf", "nan", "sum", "min", "max", "avg", "count", "stddev",
            "stdvar",
            "topk", "bottomk", "quantile", "group", "count_values", "atan2", "start", "end",
        ]

        private var rest: ArraySlice<UInt8>

        init(_ text: String) { rest = Array(text.utf8)[...] }

        mutating func selectors() -> [PromQLSelector] {
            var found: [PromQLSelector] = []
            while let byte = rest.first {
                switch byte {
                case UInt8(ascii: "\""), UInt8(ascii: "'"): _ = string()
                case UInt8(ascii: "["): skip(past: UInt8(ascii: "]"))
                case _ where Self.isDigit(byte): _ = take { Self.isNamePart($0) || $0 == UInt8(ascii: ".") }
                case _ where Self.isNamePart(byte):
                    let name = take(Self.isNamePart)
                    skipSpace()
                    if Self.grouping.contains(name) {
                        if rest.first == UInt8(ascii: "(") { skip(past: UInt8(ascii: ")")) }
                    } else if rest.first != UInt8(ascii: "("), !Self.words.contains(name.lowercased()) {
                        found.append(PromQLSelector(metric: name, matchers: matchers()))
                    }
                default: rest.removeFirst()
                }
            }
            return found
        }

        private mutating func matchers() -> [Matcher] {
            guard rest.first == UInt8(ascii: "{") else { return [] }
            rest.removeFirst()
            var found: [Matcher] = []
            while let byte = rest.first, byte != UInt8(ascii: "}") {
                guard Self.isNamePart(byte) else {
                    rest.removeFirst()
                    continue
                }
                let label = take(Self.isNamePart)
                skipSpace()
                let relation = take { "=!~".utf8.contains($0) }
                skipSpace()
                found.append(Matcher(label: label, relation: relation, value: string()))
            }
            rest = rest.dropFirst()
            return found
        }

        /// The text of a string literal; an escape of one character becomes that character.
        private mutating func string() -> String {
            guard let quote = rest.popFirst() else { return "" }
            var text: [UInt8] = []
            while let byte = rest.popFirst(), byte != quote {
                if byte == UInt8(ascii: "\\"), let escaped = rest.popFirst() {
                    text.append(escaped)
                } else {
                    text.append(byte)
                }
            }
            return String(decoding: text, as: UTF8.self)
        }

        private mutating func take(_ isPart: (UInt8) -> Bool) -> String {
            let part = rest.prefix(while: isPart)
            rest = rest.dropFirst(part.count)
            return String(decoding: part, as: UTF8.self)
        }

        private mutating func skipSpace() { _ = take { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") } }

        private mutating func skip(past end: UInt8) {
            while let byte = rest.popFirst(), byte != end {}
        }

        private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

        private static func isNamePart(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"),
                UInt8(ascii: ":"):
                true
            default: isDigit(byte)
            }
        }
    }
}
