/// A time at which the queue checks a chat or an entry.
struct SendAlarm: Sendable, Comparable {
    enum Subject: Sendable, Equatable { case chat(Int64), entry(Int) }

    var at: Duration
    var number: Int
    var subject: Subject

    static func < (one: SendAlarm, other: SendAlarm) -> Bool { (one.at, one.number) < (other.at, other.number) }
}
