import Contracts

/// Whether this machine's clock goes right: revisions and times to live are told by it.
struct ClockCheck {
    /// What another machine's clock said.
    struct Reading: Equatable, Sendable {
        var place: String
        /// How much it was ahead of ours.
        var ahead: Duration
        /// How exact that is.
        var precision: Duration
    }

    static let differenceMax = Duration.seconds(5)

    var readings: [Reading]

    func findings() -> [Finding] {
        guard !readings.isEmpty else {
            return [
                .skipped(
                    "clock", "no other machine said what time it is",
                    nextStep: "Compare it yourself, with the output of timedatectl")
            ]
        }
        let wrong = readings.filter { reading in
            let difference = reading.ahead < .zero ? .zero - reading.ahead : reading.ahead
            return difference > Self.differenceMax + reading.precision
        }
        if wrong.isEmpty { return [.ok("clock", "it agrees with \(readings.map(\.place).joined(separator: ", "))")] }
        let nextStep =
            wrong.count == readings.count
            ? "Have it set by a time server: timedatectl set-ntp true (package systemd-timesyncd)"
            : "Others agree with it: is that machine's clock wrong?"
        return wrong.map { reading in
            let isBehind = reading.ahead > .zero
            let difference = isBehind ? reading.ahead : .zero - reading.ahead
            return .warning(
                "clock", "it is \(difference.coarseText) \(isBehind ? "behind" : "ahead of") that of \(reading.place)",
                nextStep: nextStep)
        }
    }

    /// Between the question and the answer.
    static func middle(_ before: Timestamp, _ after: Timestamp) -> Timestamp {
        Timestamp(milliseconds: (before.milliseconds + after.milliseconds) / 2)
    }
}
