import Contracts

/// A conversation's short id, `[a-z0-9]{1,16}`.
enum ConversationTag {
    static let length = 16
    private static let characters = Array("abcdefghijklmnopqrstuvwxyz0123456789")

    static func random(using generator: inout some RandomNumberGenerator) -> String {
        // 36 characters are never none.
        String((0..<length).map { _ in characters.randomElement(using: &generator) ?? "0" })
    }

    /// For a conversation that the earlier bot began: no two of one key began at the same time.
    static func derived(from startedAt: Timestamp) -> String {
        String(max(0, startedAt.milliseconds), radix: 36)
    }

    static func isTag(_ text: String) -> Bool {
        (1...length).contains(text.utf8.count)
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) }
    }
}
