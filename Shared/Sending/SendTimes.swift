/// The waiting times of the queue.
public struct SendTimes: Sendable {
    /// After a message's first try with an unknown outcome, and after its second.
    public var repeatAfter: [Duration] = [.seconds(120), .seconds(240)]
    /// The same for items that may be sent twice without harm.
    public var repeatHarmlessAfter: [Duration] = [.seconds(1), .seconds(5), .seconds(30)]
    /// How long a try may take before the item is stored and its caller may continue.
    public var storeInFlightAfter: Duration = .seconds(1)
    /// How long an item may wait for the one before it in its chat before it is stored.
    public var storeBusyAfter: Duration = .milliseconds(250)
    /// Between attempts to store, doubled up to the maximum.
    public var storeRetry: Duration = .milliseconds(250)
    public var storeRetryMax: Duration = .seconds(5)
    /// Between probes while Telegram does not respond, doubled up to the maximum.
    public var probeRetry: Duration = .milliseconds(500)
    public var probeRetryMax: Duration = .seconds(15)

    public init() {}
}
