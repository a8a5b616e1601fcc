/// The waits of the queue.
public struct SendTimes: Sendable {
    /// After the first try of a message whose outcome is unknown, and after the second.
    public var repeatAfter: [Duration] = [.seconds(120), .seconds(240)]
    /// The same for what may be done twice.
    public var repeatHarmlessAfter: [Duration] = [.seconds(1), .seconds(5), .seconds(30)]
    /// How long a try may take before the item is stored, and its lane goes on.
    public var storeInFlightAfter: Duration = .seconds(1)
    /// How long an item may wait for the one before it in its chat before it is stored.
    public var storeBusyAfter: Duration = .milliseconds(250)
    /// Between tries to store, doubled up to the maximum.
    public var storeRetry: Duration = .milliseconds(250)
    public var storeRetryMax: Duration = .seconds(5)
    /// Between probes of a Telegram that does not answer, doubled up to the maximum.
    public var probeRetry: Duration = .milliseconds(500)
    public var probeRetryMax: Duration = .seconds(15)

    public init() {}
}
