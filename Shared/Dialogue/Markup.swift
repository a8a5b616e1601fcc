/// A text of fixed parts and values. Fixed parts are always whole. If the text is too long, the longest values are
/// shortened.
public struct Markup: Sendable, Equatable, ExpressibleByStringInterpolation {
    enum Style: Sendable { case plain, bold, code }

    struct Span: Sendable, Equatable {
        var text: String
        var style = Style.plain
        var isValue = false
    }

    var spans: [Span] = []

    init(spans: [Span]) { self.spans = spans }
    /// A text of the language itself, such as a label: it is never shortened.
    init(fixed text: String) { spans = [Span(text: text)] }
    public init(stringLiteral text: String) { spans = [Span(text: text)] }
    public init(stringInterpolation: StringInterpolation) { spans = stringInterpolation.spans }

    public struct StringInterpolation: StringInterpolationProtocol {
        var spans: [Span] = []

        public init(literalCapacity: Int, interpolationCount: Int) { spans.reserveCapacity(2 * interpolationCount + 1) }

        public mutating func appendLiteral(_ text: String) { if !text.isEmpty { spans.append(Span(text: text)) } }
        public mutating func appendInterpolation(_ value: String) { spans.append(Span(text: value, isValue: true)) }
        /// A text of the language itself, such as a label: it is never shortened.
        public mutating func appendInterpolation(fixed text: String) { appendLiteral(text) }
        public mutating func appendInterpolation(_ number: Int) { spans.append(Span(text: String(number))) }
        public mutating func appendInterpolation(bold value: String) {
            spans.append(Span(text: value, style: .bold, isValue: true))
        }
        public mutating func appendInterpolation(code value: String) {
            spans.append(Span(text: value, style: .code, isValue: true))
        }
        public mutating func appendInterpolation(_ markup: Markup) { spans += markup.spans }
    }

    public static func lines(_ lines: [Markup]) -> Markup {
        Markup(spans: lines.map(\.spans).joined(separator: [Span(text: "\n")]).map(\.self))
    }

    func html(unitsMax: Int) -> String {
        fitted(unitsMax).map { span in
            let text = Self.escaped(span.text)
            return switch span.style {
            case .plain: text
            case .bold: "<b>\(text)</b>"
            case .code: "<code>\(text)</code>"
            }
        }.joined()
    }

    func plainText(unitsMax: Int) -> String { fitted(unitsMax).map(\.text).joined() }

    /// The spans, with the longest values cut to one common length, so that the whole has at most `unitsMax` UTF-16
    /// units.
    private func fitted(_ unitsMax: Int) -> [Span] {
        let fixedUnits = spans.filter { !$0.isValue }.map(\.text.utf16.count).reduce(0, +)
        let valueUnits = spans.filter(\.isValue).map(\.text.utf16.count)
        let share = Self.share(of: max(0, unitsMax - fixedUnits), among: valueUnits)
        return spans.map { span in
            var span = span
            if span.isValue { span.text = Self.shortened(span.text, unitsMax: share) }
            return span
        }
    }

    /// The largest length at which the values, cut to it, fit into `units` together.
    private static func share(of units: Int, among lengths: [Int]) -> Int {
        var left = units
        for (index, length) in lengths.sorted().enumerated() {
            let share = left / (lengths.count - index)
            if length > share { return share }
            left -= length
        }
        return Int.max
    }

    /// `text` if it has at most `unitsMax` UTF-16 units; otherwise as many whole characters as fit, followed by "…".
    static func shortened(_ text: String, unitsMax: Int) -> String {
        guard text.utf16.count > unitsMax else { return text }
        guard unitsMax > 0 else { return "" }
        var units = 1
        let beginning = text.prefix { character in
            units += character.utf16.count
            return units <= unitsMax
        }
        return beginning + "…"
    }

    static func escaped(_ text: String) -> String {
        guard text.utf8.contains(where: { "&<>\"".utf8.contains($0) }) else { return text }
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
