/// The callback data of the flow's own buttons: `<verb>:<step>:<tag>`, `nick:<tag>:<nickname>`, or
/// `use:<step>:<tag>:<value>`.
public enum TapData: Sendable, Equatable {
    public enum Verb: String, Sendable, CaseIterable {
        case skip, back, cancel
        /// Take up an expired or cancelled entry again.
        case resume
        /// Accept the detected value.
        case hint
        /// Accept the answer given before going back.
        case keep
    }

    case act(Verb, Step, tag: String)
    /// Accept the nickname that the bot suggested because the first one is taken.
    case nickname(String, tag: String)
    /// Accept a text as the answer that looks like a command.
    case value(String, Step, tag: String)

    /// Telegram's bound on callback data.
    static let bytesMax = 64
    public static let tagBytesMax = 16

    init?(_ data: String) {
        if data.hasPrefix("use:") {
            let parts = data.split(separator: ":", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 4, let step = Step(rawValue: parts[1]), Self.isTag(parts[2]) else { return nil }
            self = .value(parts[3], step, tag: parts[2])
            return
        }
        let parts = data.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3 else { return nil }
        if parts[0] == "nick" {
            guard Self.isTag(parts[1]) else { return nil }
            self = .nickname(parts[2], tag: parts[1])
        } else {
            guard let verb = Verb(rawValue: parts[0]), let step = Step(rawValue: parts[1]), Self.isTag(parts[2]) else {
                return nil
            }
            self = .act(verb, step, tag: parts[2])
        }
    }

    /// The text of the data; nil if it is longer than a button can carry.
    var encoded: String? {
        let data =
            switch self {
            case .act(let verb, let step, let tag): "\(verb.rawValue):\(step.rawValue):\(tag)"
            case .nickname(let nickname, let tag): "nick:\(tag):\(nickname)"
            case .value(let value, let step, let tag): "use:\(step.rawValue):\(tag):\(value)"
            }
        return data.utf8.count <= Self.bytesMax ? data : nil
    }

    var step: Step {
        switch self {
        case .act(_, let step, _), .value(_, let step, _): step
        case .nickname: .nickname
        }
    }

    var tag: String {
        switch self {
        case .act(_, _, let tag), .nickname(_, let tag), .value(_, _, let tag): tag
        }
    }

    /// Whether `text` is a tag of an entry: `[a-z0-9]{1,16}`.
    public static func isTag(_ text: String) -> Bool {
        (1...tagBytesMax).contains(text.utf8.count)
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) }
    }
}
