import Contracts

/// Metrics in Prometheus' text format, version 0.0.4. No I/O, no clock.
///
/// The samples of a family are in one group, under its HELP and TYPE. The groups are in the order in which the families
/// were first added. A second sample with the same labels is dropped: Prometheus would reject the whole text.
struct Exposition {
    private struct Section {
        var lines: [String] = []
        var seen: Set<[MetricLabel]> = []
    }

    private var order: [MetricFamily] = []
    private var sections: [MetricFamily: Section] = [:]

    /// Adds one sample of a gauge. Ignores a number that is not finite.
    mutating func add(_ family: MetricFamily, _ labels: [MetricLabel], seconds value: Double) {
        if value.isFinite { add(family, labels) { [Self.line(family.name, labels, "\(value)")] } }
    }

    /// Adds one sample of a counter or a gauge.
    mutating func add(_ family: MetricFamily, _ labels: [MetricLabel], _ value: Int64) {
        add(family, labels) { [Self.line(family.name, labels, "\(value)")] }
    }

    /// Adds a sample of `value` / 1,000: from milliseconds to seconds.
    mutating func add(_ family: MetricFamily, _ labels: [MetricLabel] = [], thousandths value: Int64) {
        add(family, labels) { [Self.line(family.name, labels, value.fixedPoint(places: 3))] }
    }

    /// Adds a sample for each bucket, cumulative, with `+Inf` last, then the sum and the count.
    mutating func add(_ family: MetricFamily, _ labels: [MetricLabel], _ histogram: DurationHistogram) {
        add(family, labels) {
            var lines: [String] = []
            var count: Int64 = 0
            let bounds = histogram.boundsMicroseconds.map { $0.fixedPoint(places: 6) } + ["+Inf"]
            for (bound, inBucket) in zip(bounds, histogram.counts) {
                count = min(count, .max - inBucket) + inBucket
                lines.append(Self.line(family.name + "_bucket", labels + [MetricLabel("le", bound)], "\(count)"))
            }
            let sum = histogram.sumMicroseconds.fixedPoint(places: 6)
            return lines + [
                Self.line(family.name + "_sum", labels, sum), Self.line(family.name + "_count", labels, "\(count)"),
            ]
        }
    }

    /// The text's lines, without line breaks. Empty if nothing was added.
    var lines: [String] {
        order.flatMap { family in
            [
                "# HELP \(family.name) \(Self.escaped(family.help))",
                "# TYPE \(family.name) \(family.kind.rawValue)",
            ] + (sections[family]?.lines ?? [])
        }
    }

    private mutating func add(_ family: MetricFamily, _ labels: [MetricLabel], _ lines: () -> [String]) {
        if sections[family] == nil { order.append(family) }
        guard sections[family, default: Section()].seen.insert(labels).inserted else { return }
        sections[family]?.lines += lines()
    }

    private static func line(_ name: String, _ labels: [MetricLabel], _ value: String) -> String {
        guard !labels.isEmpty else { return "\(name) \(value)" }
        let pairs = labels.map { "\($0.name)=\"\(escaped($0.value, quotes: true))\"" }
        return "\(name){\(pairs.joined(separator: ","))} \(value)"
    }

    /// Escapes scalar by scalar, since `\r\n` is one Character.
    private static func escaped(_ text: String, quotes: Bool = false) -> String {
        var output = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": output.append(contentsOf: "\\\\".unicodeScalars)
            case "\n": output.append(contentsOf: "\\n".unicodeScalars)
            case "\"" where quotes: output.append(contentsOf: "\\\"".unicodeScalars)
            default: output.append(scalar)
            }
        }
        return String(output)
    }
}
