private import Foundation

/// The bot's token: the only secret here. Nothing that describes, mirrors or dumps it shows it.
public struct BotToken: Sendable, Hashable {
    private let value: String

    public init(_ value: String) { self.value = value }

    /// What goes into a URL. An operator's slip, as a space or a slash, stays inside the one path segment.
    var pathSegment: String {
        value.addingPercentEncoding(withAllowedCharacters: Self.segmentCharacters) ?? ""
    }

    private static let segmentCharacters = CharacterSet(
        charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:_-.~")
}

extension BotToken: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "<token>" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
