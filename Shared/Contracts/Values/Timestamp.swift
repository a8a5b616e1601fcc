/// A moment, in milliseconds since 1970-01-01T00:00:00Z.
public struct Timestamp: Sendable, Hashable, Comparable {
    public var milliseconds: Int64

    /// The milliseconds of the years 0 to 9999, which can be written as a date.
    public static let range: ClosedRange<Int64> = -62_167_219_200_000...253_402_300_799_999

    public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// `milliseconds`, or the nearest moment that can be written as a date.
    public init(clamping milliseconds: Int64) {
        self.milliseconds = min(max(milliseconds, Self.range.lowerBound), Self.range.upperBound)
    }

    public static func < (lhs: Timestamp, rhs: Timestamp) -> Bool { lhs.milliseconds < rhs.milliseconds }

    /// This moment moved by `duration`, clamped to `range`.
    public func advanced(by duration: Duration) -> Timestamp {
        let (sum, isTooFar) = milliseconds.addingReportingOverflow(duration.milliseconds)
        guard isTooFar else { return Timestamp(clamping: sum) }
        return Timestamp(clamping: duration < .zero ? .min : .max)
    }
}

extension Duration {
    /// Whole milliseconds, rounded towards zero and clamped to the range of the number.
    public var milliseconds: Int64 {
        let (whole, isTooLong) = components.seconds.multipliedReportingOverflow(by: 1_000)
        let (sum, isTooMuch) = whole.addingReportingOverflow(components.attoseconds / 1_000_000_000_000_000)
        guard isTooLong || isTooMuch else { return sum }
        return components.seconds < 0 ? .min : .max
    }
}

extension Timestamp: CustomStringConvertible {
    /// RFC 3339 in UTC with milliseconds: `2026-11-22T09:30:00.250Z`.
    public var description: String { text(separator: UInt8(ascii: "T"), zone: "Z") }

    /// The form for a database column: `2026-11-22 09:30:00.250`, UTC.
    public var databaseText: String { text(separator: UInt8(ascii: " "), zone: "") }

    private func text(separator: UInt8, zone: StaticString) -> String {
        let days = milliseconds.flooredQuotient(86_400_000)
        let inDay = milliseconds - days * 86_400_000
        let (year, month, day) = Self.civilDate(daysSinceEpoch: days)
        var text: [UInt8] = []
        text.reserveCapacity(24)
        text.appendDecimal(year, width: 4)
        for (mark, value, width) in [
            (UInt8(ascii: "-"), month, 2), (UInt8(ascii: "-"), day, 2), (separator, inDay / 3_600_000, 2),
            (UInt8(ascii: ":"), inDay / 60_000 % 60, 2), (UInt8(ascii: ":"), inDay / 1_000 % 60, 2),
            (UInt8(ascii: "."), inDay % 1_000, 3),
        ] {
            text.append(mark)
            text.appendDecimal(value, width: width)
        }
        return String(decoding: text, as: UTF8.self) + zone.description
    }

    /// Parses the forms of `description`, `databaseText`, SQLite's `CURRENT_TIMESTAMP`, PostgreSQL's `timestamp` and
    /// Python's `isoformat`: a date, `T` or a space, a time, optionally a fraction of a second (cut to milliseconds)
    /// and `Z`, `+00:00` or `+00`. Without a zone it is UTC; with another zone the result is nil.
    public init?(parsing text: some StringProtocol) {
        var parts = text.split(whereSeparator: { $0 == "T" || $0 == " " })
        guard parts.count == 2 else { return nil }
        for utc in ["Z", "+00:00", "+00"] where parts[1].hasSuffix(utc) {
            parts[1] = parts[1].dropLast(utc.count)
            break
        }
        guard let moment = Self.milliseconds(date: parts[0], time: parts[1], needsSeconds: true) else { return nil }
        milliseconds = moment
    }

    /// Parses the forms of `init(parsing:)` and further forms of other programs: a zone that is not UTC, which is
    /// converted (`+02:00`, `+0200`, `+02`), and a time without seconds.
    public init?(parsingForeign text: some StringProtocol) {
        var parts = text.split(whereSeparator: { $0 == "T" || $0 == " " })
        guard parts.count == 2 || parts.count == 3 else { return nil }
        var zone = parts.count == 3 ? parts[2] : ""
        if zone.isEmpty, let start = parts[1].firstIndex(where: { $0 == "Z" || $0 == "+" || $0 == "-" }) {
            zone = parts[1][start...]
            parts[1] = parts[1][..<start]
        }
        guard let offset = Self.minutesEast(zone),
            let local = Self.milliseconds(date: parts[0], time: parts[1], needsSeconds: false)
        else { return nil }
        milliseconds = local - offset * 60_000
    }

    /// - Parameter zone: empty for UTC.
    private static func minutesEast(_ zone: some StringProtocol) -> Int64? {
        if zone.isEmpty || zone == "Z" { return 0 }
        guard let sign = zone.first, sign == "+" || sign == "-" else { return nil }
        let digits = String(zone.dropFirst()).filter { $0 != ":" }
        guard digits.count == 2 || digits.count == 4, digits.allSatisfy(\.isASCIIDigit),
            let hours = Int64(digits.prefix(2)), let minutes = Int64("0" + digits.dropFirst(2)), hours <= 18,
            minutes < 60
        else { return nil }
        return (sign == "-" ? -1 : 1) * (hours * 60 + minutes)
    }

    private static func milliseconds(
        date text: some StringProtocol, time clockText: some StringProtocol, needsSeconds: Bool
    ) -> Int64? {
        let date = text.split(separator: "-", omittingEmptySubsequences: false).map { Int64($0) }
        let clock = clockText.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        var time = clock[0].split(separator: ":", omittingEmptySubsequences: false).map { Int64($0) }
        if time.count == 2, clock.count == 1, !needsSeconds { time.append(0) }
        guard date.count == 3, time.count == 3, let year = date[0], let month = date[1], let day = date[2],
            let hour = time[0], let minute = time[1], let second = time[2],
            (0...9999).contains(year), (1...12).contains(month), (1...31).contains(day), (0...23).contains(hour),
            (0...59).contains(minute), (0...60).contains(second)
        else { return nil }
        var fraction: Int64 = 0
        if clock.count == 2 {
            guard !clock[1].isEmpty, clock[1].allSatisfy(\.isASCIIDigit) else { return nil }
            fraction = Int64((clock[1] + "000").prefix(3)) ?? 0
        }
        let days = daysSinceEpoch(year: year, month: month, day: day)
        return days * 86_400_000 + hour * 3_600_000 + minute * 60_000 + second * 1_000 + fraction
    }

    // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": the proleptic Gregorian calendar counted in eras
    // of 400 years that begin on 1 March.

    private static func civilDate(daysSinceEpoch: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = daysSinceEpoch + 719_468
        let era = shifted.flooredQuotient(146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
    }

    private static func daysSinceEpoch(year: Int64, month: Int64, day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let era = year.flooredQuotient(400)
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}

extension Int64 {
    fileprivate func flooredQuotient(_ divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }
}

extension Character {
    fileprivate var isASCIIDigit: Bool { ("0"..."9").contains(self) }
}
