/// The value of `RIVET_ALLOWED_USERS`.
public enum AllowedUsersSetting: Sendable, Equatable {
    public static let variable = "RIVET_ALLOWED_USERS"
    private static let accepted =
        "* (everyone), or ids of Telegram users and groups, comma-separated: 1234567, -1001234567890"

    /// It is not set, or empty.
    case missing
    /// `*`
    case everyone
    /// Ids of users, and of groups, which are negative. Never empty.
    case ids(Set<Int64>)

    /// - Throws: for anything that is neither `*` nor a list of ids.
    public init(_ settings: Settings) throws(ConfigurationError) {
        let value = settings.string(Self.variable) ?? ""
        guard let parsed = Self(parsing: value) else {
            throw ConfigurationError(valueOf: Self.variable, accepted: Self.accepted)
        }
        self = parsed
    }

    /// Nil for a text that is neither `*` nor a list of ids. White space around an id and a trailing comma are ignored.
    public init?(parsing text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).map(Self.trimmed)
        let entries = parts.filter { !$0.isEmpty }
        guard !entries.isEmpty else {
            // Only commas: a list without ids is probably a mistake, and not the same as no list.
            guard parts.count == 1 else { return nil }
            self = .missing
            return
        }
        if parts.count == 1, entries[0] == "*" {
            self = .everyone
            return
        }
        var ids: Set<Int64> = []
        for entry in entries {
            guard let id = Self.id(entry) else { return nil }
            ids.insert(id)
        }
        self = .ids(ids)
    }

    private static func trimmed(_ bytes: Substring.UTF8View) -> String {
        func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
        let content = bytes.drop(while: isBlank).reversed().drop(while: isBlank).reversed()
        return String(decoding: Array(content), as: UTF8.self)
    }

    /// Parses an id: digits, after a minus sign for a group. No id is 0.
    private static func id(_ text: String) -> Int64? {
        let digits = text.utf8.first == UInt8(ascii: "-") ? text.utf8.dropFirst() : text.utf8[...]
        guard digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }), let id = Int64(text), id != 0
        else { return nil }
        return id
    }
}
