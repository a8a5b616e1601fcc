/// One POST of a JSON body.
///
/// The URL holds the bot's token, so no description of a request shows it.
public struct HTTPRequest: Sendable {
    public var url: String
    public var body: [UInt8]
    /// The whole call, from looking up the name to the last byte of the answer, ends within this time.
    public var timeout: Duration
    /// Whether doing it twice is the same as doing it once. Only then may the transport repeat it by itself when a kept
    /// connection turns out to be dead after the request was written to it.
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
