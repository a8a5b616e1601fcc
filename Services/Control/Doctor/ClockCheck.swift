import Contracts

/// Checks whether this machine's clock is right: revisions and expiry times come from it.
struct ClockCheck {
    /// A reading of another machine's clock.
    struct Reading: Equatable, Sendable {
        var place: String
        /// How far that clock was ahead of ours.
        var ahead: Duration
        /// The largest error of `ahead`.
        var precision: Duration
    }

    static let differenceMax = Duration.seconds(5)

    var readings: [Reading]

    func findings() -> [Finding] {
        guard !readings.isEmpty else {
            return [
                .skipped(
                    "clock", "there is no other machine's clock to compare it with",
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
            ? "Set it from a time server: timedatectl set-ntp true (package systemd-timesyncd)"
            : "Other machines agree with this clock: is that machine's clock wrong?"
        return wrong.map { reading in
            let isBehind = reading.ahead > .zero
            let difference = isBehind ? reading.ahead : .zero - reading.ahead
            return .warning(
                "clock", "it is \(difference.coarseText) \(isBehind ? "behind" : "ahead of") that of \(reading.place)",
                nextStep: nextStep)
        }
    }

    /// The moment halfway between a request and its response.
    static func middle(_ before: Timestamp, _ after: Timestamp) -> Timestamp {
        Timestamp(milliseconds: (before.milliseconds + after.milliseconds) / 2)
    }
}
