import Contracts
import Testing

@testable import Control

/// The text format of Prometheus, letter by letter.
@Suite struct ExpositionTests {
    private static let gauge = MetricFamily(name: "a_seconds", kind: .gauge, unit: .seconds, help: "One.")
    private static let counter = MetricFamily(name: "b_total", kind: .counter, help: "Two \\ and\nmore \"here\".")

    @Test func `Samples: together under their HELP and TYPE, in whatever order they came`() {
        var exposition = Exposition()
        exposition.add(Self.gauge, [MetricLabel("x", "1")], thousandths: 1_500)
        exposition.add(Self.counter, [], 7)
        exposition.add(Self.gauge, [MetricLabel("x", "2"), MetricLabel("y", "z")], seconds: 0.25)
        #expect(
            exposition.lines == [
                "# HELP a_seconds One.", "# TYPE a_seconds gauge", #"a_seconds{x="1"} 1.5"#,
                #"a_seconds{x="2",y="z"} 0.25"#, #"# HELP b_total Two \\ and\nmore "here"."#,
                "# TYPE b_total counter", "b_total 7",
            ])
        #expect(Exposition().lines == [])
    }

    @Test func `A label's value: backslash, quote and line end are escaped, by scalars`() {
        var exposition = Exposition()
        exposition.add(Self.gauge, [MetricLabel("x", "a\\b\"c\nd\r\ne\u{301}é🏭")], 1)
        #expect(exposition.lines.last == #"a_seconds{x="a\\b\"c\nd"# + "\r" + #"\n"# + "e\u{301}é🏭\"} 1")
    }

    @Test func `A histogram: cumulative buckets, +Inf, sum and count`() throws {
        var exposition = Exposition()
        let family = MetricFamily(name: "h_seconds", kind: .histogram, unit: .seconds, help: "H.")
        let histogram = try #require(
            DurationHistogram(boundsMicroseconds: [50, 1_000, 2_500_000], counts: [1, 0, 2, 4], sumMicroseconds: 90))
        exposition.add(family, [MetricLabel("m", "s")], histogram)
        #expect(
            exposition.lines == [
                "# HELP h_seconds H.", "# TYPE h_seconds histogram", #"h_seconds_bucket{m="s",le="0.00005"} 1"#,
                #"h_seconds_bucket{m="s",le="0.001"} 1"#, #"h_seconds_bucket{m="s",le="2.5"} 3"#,
                #"h_seconds_bucket{m="s",le="+Inf"} 7"#, #"h_seconds_sum{m="s"} 0.00009"#, #"h_seconds_count{m="s"} 7"#,
            ])
    }

    @Test func `An empty histogram, and one whose counts are too large: +Inf is the count`() throws {
        let family = MetricFamily(name: "h_seconds", kind: .histogram, unit: .seconds, help: "H.")
        var empty = Exposition()
        empty.add(family, [], try #require(DurationHistogram(boundsMicroseconds: [], counts: [0], sumMicroseconds: 0)))
        #expect(
            empty.lines.suffix(3) == [#"h_seconds_bucket{le="+Inf"} 0"#, "h_seconds_sum 0", "h_seconds_count 0"])
        var large = Exposition()
        large.add(
            family, [],
            try #require(DurationHistogram(boundsMicroseconds: [1], counts: [.max, .max], sumMicroseconds: 0)))
        #expect(large.lines[3] == #"h_seconds_bucket{le="+Inf"} 9223372036854775807"#)
        #expect(large.lines.last == "h_seconds_count 9223372036854775807")
    }

    /// Prometheus refuses a text with the same sample twice. A gauge without a finite number has no use.
    @Test func `A second sample with the same labels, and one that is not finite: left out`() {
        var exposition = Exposition()
        exposition.add(Self.gauge, [MetricLabel("x", "1")], 1)
        exposition.add(Self.gauge, [MetricLabel("x", "1")], 2)
        exposition.add(Self.gauge, [MetricLabel("x", "2")], seconds: .infinity)
        exposition.add(Self.gauge, [MetricLabel("x", "3")], seconds: .nan)
        #expect(exposition.lines.count == 3 && exposition.lines.last == #"a_seconds{x="1"} 1"#)
    }
}
