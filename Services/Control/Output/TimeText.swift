import Contracts

extension Timestamp {
    /// To the second: `2026-11-22 09:30:00 UTC`.
    var utcText: String { "\(databaseText.prefix(19)) UTC" }

    /// Relative to `now`: `5m 3s ago`, `in 23h 59m`, `now`.
    func relativeText(at now: Timestamp) -> String {
        let distance = Duration.milliseconds(milliseconds - now.milliseconds)
        if distance >= .seconds(1) { return "in \(distance.coarseText)" }
        if distance <= .seconds(-1) { return "\((.zero - distance).coarseText) ago" }
        return "now"
    }

    /// The absolute and the relative text: `2026-11-22 09:30:00 UTC (5m 3s ago)`.
    func text(at now: Timestamp) -> String { "\(utcText) (\(relativeText(at: now)))" }
}

extension Duration {
    /// In its two largest units, truncated: `5s`, `12m 5s`, `3h 12m`, `2d 3h`. Less than a second is `0s`.
    var coarseText: String {
        let seconds = max(0, components.seconds)
        let units: [(String, Int64)] = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)]
        guard let first = units.firstIndex(where: { seconds >= $0.1 }) else { return "0s" }
        let (name, unit) = units[first]
        var text = "\(seconds / unit)\(name)"
        if first + 1 < units.count {
            let (smallerName, smaller) = units[first + 1]
            let rest = seconds % unit / smaller
            if rest > 0 { text += " \(rest)\(smallerName)" }
        }
        return text
    }

    /// In the form of the settings: `750ms`, `2s`.
    var text: String {
        let milliseconds = milliseconds
        return milliseconds % 1_000 == 0 ? "\(milliseconds / 1_000)s" : "\(milliseconds)ms"
    }
}
