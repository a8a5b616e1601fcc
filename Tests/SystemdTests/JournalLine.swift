import Foundation

/// A line in the journal about a service, from the service or from systemd.
struct JournalLine: CustomStringConvertible, Sendable {
    /// Seconds since 1970.
    var time: Double
    var text: String

    var description: String { text }

    /// Reads a line of `journalctl -o short-unix`: `1795806709.654699 host program[7]: text`.
    init?(_ line: Substring) {
        let words = line.split(separator: " ", maxSplits: 1)
        guard words.count == 2, let time = Double(words[0]), let colon = words[1].range(of: ": ") else { return nil }
        self.time = time
        text = String(words[1][colon.upperBound...])
    }

    /// The largest number of lines in any minute.
    static func mostInAMinute(_ lines: some Sequence<JournalLine>) -> Int {
        let times = lines.map(\.time).sorted()
        return times.map { begin in times.count { $0 >= begin && $0 < begin + 60 } }.max() ?? 0
    }
}
