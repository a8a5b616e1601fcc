/// The bot's token: the only secret here. Nothing that describes, mirrors or dumps it shows it.
public struct BotToken: Sendable, Hashable {
    private let value: String

    public init(_ value: String) { self.value = value }

    /// What goes into a URL. An operator's slip, as a space or a slash, stays inside the one path segment.
    var pathSegment: String {
        value.utf8.reduce(into: "") { segment, byte in
            if Self.segmentBytes.contains(byte) {
                segment.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                segment += (byte < 0x10 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
            }
        }
    }

    private static let segmentBytes = Set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:_-.~".utf8)
}

extension BotToken: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "<token>" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
