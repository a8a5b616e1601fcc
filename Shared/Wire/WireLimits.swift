import NIOCore

/// Every bound of the wire, in one place. The contract fixes some; the others are defaults of
/// `WireServer.Configuration`, which lets tests be small and quick.
public enum WireLimits {
    // MARK: Frames

    /// The length field before each frame's body.
    public static let frameHeaderBytes = 4
    /// The longest body of a frame; also the longest message.
    public static let frameBytesMax = 1_048_576
    /// How long a peer may take to finish a frame that it has begun, while the server reads from it.
    public static let frameTimeout = Duration.seconds(30)

    // MARK: Server

    /// Calls of one connection that are begun and have no response yet.
    public static let callsInFlightMax = 64
    /// Buffered received bytes of one connection above which the server reads no more while there is no room for its
    /// calls.
    public static let inboundBytesHigh = 128 * 1024
    /// Frames of one connection that are handled before the other connections are served.
    public static let framesPerTurnMax = 64
    /// Connections that are open at once. For one more, the server closes the connection that has been idle longest.
    public static let connectionsMax = 1024
    /// Received bytes that all connections together may buffer: unfinished frames, and calls that there is no room for.
    /// Above it, the server closes the idle connection that has buffered the most.
    public static let inboundBytesMax = 64 * frameBytesMax
    /// Unsent response bytes of one connection above which none of its calls is begun…
    public static let outboundBytesHigh = 64 * 1024
    /// …until they have fallen to this.
    public static let outboundBytesLow = 32 * 1024
    /// How long a peer may leave its responses unread before its connection is closed.
    public static let stallTimeout = Duration.seconds(60)
    /// How long, and how many bytes, the server still reads and discards after a violation. A peer that is busy sending
    /// can then read the error before its connection breaks.
    public static let lingerTimeout = Duration.seconds(1)
    public static let lingerBytesMax = 16 * frameBytesMax
    /// How long a shutdown waits for the calls that were begun.
    public static let shutdownTimeout = Duration.seconds(5)
    /// Connections that the kernel queues until the server accepts them.
    public static let listenBacklog: Int32 = 1024
    /// How long the server stops accepting after the process or the system ran out of file descriptors.
    public static let acceptRetryDelay = Duration.milliseconds(100)
    /// `sun_path` holds 108 bytes with its final zero.
    public static let socketPathBytesMax = 107

    // MARK: Client

    /// Calls of one client that await their responses, written or not.
    public static let clientCallsMax = 4096
    /// The bytes of those calls' frames together.
    public static let clientBytesMax = 64 * frameBytesMax
    /// The n-th wait before a reconnection is random, between zero and this times 2ⁿ…
    public static let reconnectDelayFirst = Duration.milliseconds(10)
    /// …and at most this.
    public static let reconnectDelayMax = Duration.milliseconds(500)
}

extension TimeAmount {
    init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let (nanoseconds, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        self = overflow ? .hours(24 * 365) : .nanoseconds(nanoseconds &+ attoseconds / 1_000_000_000)
    }
}
