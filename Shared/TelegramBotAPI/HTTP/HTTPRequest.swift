/// One POST request with a JSON body.
///
/// The URL contains the bot's token, so no description of a request shows it.
public struct HTTPRequest: Sendable {
    public var url: String
    public var body: [UInt8]
    /// The whole call ends within this time, from the name lookup to the last byte of the response.
    public var timeout: Duration
    /// Whether the request is idempotent. Only then may the transport repeat it when a reused connection turns out to
    /// be dead after the request was written to it.
    public var isRepeatable: Bool

    public init(url: String, body: [UInt8], timeout: Duration, isRepeatable: Bool) {
        self.url = url
        self.body = body
        self.timeout = timeout
        self.isRepeatable = isRepeatable
    }
}

extension HTTPRequest: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "POST of \(body.count) bytes" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: ["bodyBytes": body.count]) }
}
