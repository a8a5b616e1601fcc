import NIOCore

/// Every bound of the wire, in one place. Those of the contract are fixed; the others are defaults that
/// `WireServer.Configuration` takes, so that tests can be small and quick.
public enum WireLimits {
    // MARK: Frames

    /// The length that stands before each frame's body.
    public static let frameHeaderBytes = 4
    /// The longest body of a frame; also the longest message.
    public static let frameBytesMax = 1_048_576
    /// How long a peer may take to finish a frame that it has begun, while we are reading from it.
    public static let frameTimeout = Duration.seconds(30)

    // MARK: Server

    /// Calls of one connection that are begun and not answered.
    public static let callsInFlightMax = 64
    /// Received bytes of one connection above which nothing more is read while there is no room for its calls.
    public static let inboundBytesHigh = 128 * 1024
    /// Frames of one connection that are handled before the other connections get their turn.
    public static let framesPerTurnMax = 64
    /// Connections that are open at once; at the bound the longest idle one makes room.
    public static let connectionsMax = 1024
    /// Received bytes of all connections together that are no whole frame yet, or for whose calls there is no room;
    /// above it the idle connection that holds the most of them is closed.
    public static let inboundBytesMax = 64 * frameBytesMax
    /// Unsent answer bytes of one connection above which no further call of it is begun…
    public static let outboundBytesHigh = 64 * 1024
    /// …until they have sunk to this.
    public static let outboundBytesLow = 32 * 1024
    /// How long a peer may leave its answers unread before its connection is closed.
    public static let stallTimeout = Duration.seconds(60)
    /// How long, and how many bytes, are still taken and thrown away after a violation, so that the peer, who may be
    /// busy sending, comes to read the error before its connection breaks.
    public static let lingerTimeout = Duration.seconds(1)
    public static let lingerBytesMax = 16 * frameBytesMax
    /// How long a shutdown waits for the calls that were taken.
    public static let shutdownTimeout = Duration.seconds(5)
    /// Connections that the kernel holds for us until we accept them.
    public static let listenBacklog: Int32 = 1024
    /// The pause after the process or the system ran out of file descriptors.
    public static let acceptRetryDelay = Duration.milliseconds(100)
    /// `sun_path` holds 108 bytes with its final zero.
    public static let socketPathBytesMax = 107

    // MARK: Client

    /// Calls of one client that await their answers, written or not.
    public static let clientCallsMax = 4096
    /// The bytes of those calls' frames together.
    public static let clientBytesMax = 64 * frameBytesMax
    /// The n-th wait before a reconnection is random between nothing and this times 2ⁿ…
    public static let reconnectDelayFirst = Duration.milliseconds(10)
    /// …which ends at this.
    public static let reconnectDelayMax = Duration.milliseconds(500)
}

extension TimeAmount {
    init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let (nanoseconds, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        self = overflow ? .hours(24 * 365) : .nanoseconds(nanoseconds &+ attoseconds / 1_000_000_000)
    }
}
