import Contracts
import Testing

@testable import Control

@Suite struct TerminalTextTests {
    @Test(arguments: [
        ("Main Compressor", "Main Compressor"),
        ("Müller 東京 👩‍🔧 ﷽", "Müller 東京 👩‍🔧 ﷽"),
        ("a\nb\r\tc", "a\\nb\\r\\tc"),
        ("\u{1B}[31mred\u{7}", "\\u{1B}[31mred\\u{7}"),
        ("\u{9B}31m\u{7F}\u{0}", "\\u{9B}31m\\u{7F}\\u{0}"),
        ("\u{202E}txt\u{2066}x\u{200F}", "\\u{202E}txt\\u{2066}x\\u{200F}"),
        ("line\u{2028}par\u{2029}", "line\\u{2028}par\\u{2029}"),
        ("tag\u{E0041}", "tag\\u{E0041}"),
        ("", ""),
    ])
    func `Characters that a terminal obeys: escaped`(_ text: String, _ shown: String) {
        #expect(TerminalText.escaped(text) == shown)
    }

    @Test func `JSON: keeps its value`() throws {
        let value: JSONValue = ["a\u{9B}": "x\u{202E}y\u{E0041}\u{1B}\nz", "b": [1, nil, "\u{7F}é"]]
        let text = TerminalText.json(value)
        #expect(text == #"{"a\u009b":"x\u202ey\udb40\udc41\u001b\nz","b":[1,null,"\u007fé"]}"#)
        #expect(try JSONValue(parsing: Array(text.utf8)) == value)
    }
}

@Suite struct TextTableTests {
    @Test func `Columns: aligned`() {
        var table = TextTable([("NAME", .left), ("COUNT", .right), ("NOTE", .left)])
        #expect(table.isEmpty)
        table.add(["rivet-state", "7", ""])
        table.add(["x", "123456", "dropped", "beyond"])
        table.add(["short"])
        #expect(!table.isEmpty)
        #expect(
            table.lines == [
                "NAME          COUNT  NOTE",
                "rivet-state       7",
                "x            123456  dropped",
                "short",
            ])
    }

    @Test func `Fields: aligned`() {
        var fields = FieldList()
        fields.add("Id", "7")
        fields.add("Manufacturer", "Grundfos")
        #expect(fields.lines == ["  Id            7", "  Manufacturer  Grundfos"])
        #expect(FieldList().lines == [])
    }
}

@Suite struct TimeTextTests {
    private let now = Timestamp(milliseconds: 1_795_000_000_000)

    @Test(
        arguments: [
            (0, "0s"), (1, "1s"), (59, "59s"), (60, "1m"), (61, "1m 1s"), (3_599, "59m 59s"), (3_600, "1h"),
            (3_659, "1h"), (86_399, "23h 59m"), (86_400, "1d"), (100 * 86_400 + 7_200, "100d 2h"), (-5, "0s"),
        ] as [(Int64, String)])
    func `Durations: shown in their two largest units`(_ seconds: Int64, _ text: String) {
        #expect(Duration.seconds(seconds).coarseText == text)
    }

    @Test(
        arguments: [
            (0, "now"), (999, "now"), (-999, "now"), (1_000, "in 1s"), (-1_000, "1s ago"), (86_399_999, "in 23h 59m"),
            (-303_000, "5m 3s ago"),
        ] as [(Int64, String)])
    func `Moments: shown relative to now`(_ milliseconds: Int64, _ text: String) {
        #expect(now.advanced(by: .milliseconds(milliseconds)).relativeText(at: now) == text)
    }

    @Test func `Moments: shown in UTC`() {
        #expect(Timestamp(milliseconds: 999).utcText == "1970-01-01 00:00:00 UTC")
        #expect(
            Timestamp(milliseconds: 0).text(at: Timestamp(milliseconds: 60_000)) == "1970-01-01 00:00:00 UTC (1m ago)")
    }

    @Test func `Limits: shown as they are given`() {
        #expect(Duration.seconds(2).text == "2s")
        #expect(Duration.milliseconds(750).text == "750ms")
    }
}
