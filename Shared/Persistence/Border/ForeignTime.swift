import Contracts

/// A time in a row that another program may have written. This is the only place that decides its meaning.
///
/// A meaningless time must not pass for a very old one, because a very old row counts as expired or outdated.
enum ForeignTime: Equatable {
    /// After 1970 and before the year 10000.
    case known(Timestamp)
    /// No time, or a meaningless one: NULL, `-infinity`, before Christ, 1970-01-01 and earlier, or text that is no
    /// time.
    case unknown
    /// `infinity`, or a year past 9999.
    case never

    /// The text that our statements return for a column with `infinity` or a year past 9999.
    static let neverText = "infinity"
    /// A number beyond this counts as milliseconds instead of seconds since 1970. As seconds it is the year 5138.
    private static let secondsMax = 1e11

    /// Reads a column as text: nil for NULL. A date and a time with or without a zone, or a number of seconds or
    /// milliseconds since 1970.
    init(_ text: String?) {
        guard let text else {
            self = .unknown
            return
        }
        if let moment = Timestamp(parsing: text) ?? Timestamp(parsingForeign: text) {
            self.init(moment)
        } else if let number = Double(text), number.isFinite {
            let milliseconds = abs(number) > Self.secondsMax ? number : number * 1_000
            let whole = Int64(exactly: milliseconds.rounded(.down)) ?? (number < 0 ? .min : .max)
            self.init(Timestamp(milliseconds: whole))
        } else if text == Self.neverText || Self.hasLongYear(text) {
            self = .never
        } else {
            self = .unknown
        }
    }

    init(_ moment: Timestamp) {
        self =
            switch moment.milliseconds {
            case ...0: .unknown
            case ...Timestamp.range.upperBound: .known(moment)
            default: .never
            }
    }

    /// `10000-01-01 …`
    private static func hasLongYear(_ text: String) -> Bool {
        let year = text.utf8.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        return year.count > 4 && text.utf8.dropFirst(year.count).first == UInt8(ascii: "-")
    }

    /// The moment; nil for `unknown` and `never`.
    var moment: Timestamp? { if case .known(let moment) = self { moment } else { nil } }

    /// The time as an end: without a known end, it never ends.
    var end: Timestamp { moment ?? Timestamp(milliseconds: Timestamp.range.upperBound) }
}
