/// The secret that Telegram sends with each update, by which the receiver recognizes Telegram: 1 to 256 of
/// `A-Za-z0-9_-`. No description, mirror or dump of this type shows it.
public struct WebhookSecret: Sendable {
    public struct Malformed: Error, Equatable, CustomStringConvertible {
        public var description: String { "1 to 256 letters, digits, \"_\" or \"-\"" }
    }

    static let bytesMax = 256

    let text: String
    private let bytes: [UInt8]

    public init(_ text: String) throws(Malformed) {
        bytes = Array(text.utf8)
        guard (1...Self.bytesMax).contains(bytes.count), bytes.allSatisfy(Self.isAccepted) else { throw Malformed() }
        self.text = text
    }

    /// Whether `given` is the secret. The time this takes depends only on the length of `given`, not on its content or
    /// on the secret.
    public func matches(_ given: String) -> Bool {
        var difference = UInt64(UInt(bitPattern: given.utf8.count ^ bytes.count))
        var index = 0
        for byte in given.utf8 {
            difference |= UInt64(byte ^ bytes[index % bytes.count])
            index &+= 1
        }
        return difference == 0
    }

    private static func isAccepted(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}

extension WebhookSecret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "<secret>" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
