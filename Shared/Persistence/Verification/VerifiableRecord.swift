import Contracts

/// A record that can be compared with another tier's record of its key.
protocol VerifiableRecord: TieredRecord {
    /// The time since which it has been a tombstone.
    var goneSince: Timestamp { get }
}

extension ConversationRecord: VerifiableRecord {
    var goneSince: Timestamp { updatedAt }
    public func hasSameContent(as other: ConversationRecord) -> Bool {
        at(other.revision) == other || hasSameTold(as: other)
    }
}

extension MachineRecord: VerifiableRecord {
    var goneSince: Timestamp { deletedAt ?? updatedAt }
    public func hasSameContent(as other: MachineRecord) -> Bool {
        at(other.revision) == other || hasSameTold(as: other)
    }
}

extension VerifiableRecord {
    /// All fields except the revision, by name, in a form that can be compared between two databases.
    private var content: [String: JSONValue] {
        var content = journalValue.objectValue ?? [:]
        for name in ["revision", "key"] { content[name] = nil }
        // These columns hold JSON as text, which PostgreSQL formats differently.
        for name in ["applied_updates", "last_clear"] {
            if let text = content[name]?.stringValue, let value = try? JSONValue(parsing: text) {
                content[name] = value
            }
        }
        return content
    }

    public var contentDigest: UInt64 {
        let told = content.filter { $0.key != Self.timeOfChange && !$0.value.isNull }
        return FNV1a.hash(JSONValue.object(told).canonicalText.utf8)
    }

    /// Whether both say the same, apart from when they were changed. A trigger of the database itself may set that time
    /// at each write; it is no change of the content.
    func hasSameTold(as other: Self) -> Bool {
        fieldsDiffering(from: other).allSatisfy { $0 == Self.timeOfChange }
    }

    private static var timeOfChange: String { "updated_at" }

    /// The names of the fields that differ, apart from the revision.
    func fieldsDiffering(from other: Self) -> [String] {
        let (own, others) = (content, other.content)
        return Set(own.keys).union(others.keys).filter { name in
            !(own[name] ?? .null).isSame(as: others[name] ?? .null)
        }.sorted()
    }
}

extension TieredRecord {
    /// Whether two records with the same key and revision are equivalent, so that neither has to win. Two tombstones
    /// always are: their contents may differ, because one tier empties its tombstone before another does.
    func isSettled(with other: Self) -> Bool {
        if plantedBug(.equalRevisionsCountAsEqual) { return true }
        return (isTombstone && other.isTombstone) || hasSameContent(as: other)
    }

    /// The same record as a new change. Its revision is less than a millisecond above the old one, by a step that its
    /// content gives, down to the bits of the host. So all stores compute the same revision, and of two changes at one
    /// revision the same one wins everywhere.
    package var asChange: Self {
        let (host, steps) = (contentDigest % 64, contentDigest / 64 % 1_022)
        return at(revision.following(steps: 1 + Int64(steps), host: UInt8(host)))
    }
}

extension JSONValue {
    /// A text that is equal for equal values, as defined by `isSame`.
    var canonicalText: String {
        switch self {
        case .array(let elements): return "[" + elements.map(\.canonicalText).joined(separator: ",") + "]"
        case .object(let members):
            let named = members.map { (JSONValue.string($0.key).text, $0.value) }
            let sorted = named.sorted { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }
            return "{" + sorted.map { "\($0.0):\($0.1.canonicalText)" }.joined(separator: ",") + "}"
        default: return number ?? text
        }
    }

    /// Whether both values are equal: text by its bytes, numbers by their value, regardless of spelling. PostgreSQL
    /// writes `1e2` as `100`.
    func isSame(as other: JSONValue) -> Bool {
        switch (self, other) {
        case (.string(let own), .string(let other)): own.utf8.elementsEqual(other.utf8)
        case (.array(let own), .array(let other)):
            own.count == other.count && zip(own, other).allSatisfy { $0.isSame(as: $1) }
        case (.object(let own), .object(let other)):
            own.count == other.count && own.allSatisfy { name, value in other[name].map(value.isSame) ?? false }
        case (.integer, .decimal), (.decimal, .integer), (.decimal, .decimal): number == other.number
        default: self == other
        }
    }

    /// A number as its sign, its digits without zeros at either end, and the power of ten of the last one.
    private var number: String? {
        let spelling: String
        switch self {
        case .integer(let value): spelling = String(value)
        case .decimal(let text): spelling = text
        default: return nil
        }
        let parts = spelling.split(maxSplits: 1) { $0 == "e" || $0 == "E" }
        let sign = parts[0].hasPrefix("-") ? "-" : ""
        let mantissa = parts[0].drop { $0 == "-" }.split(separator: ".", omittingEmptySubsequences: false)
        let fraction = mantissa.count > 1 ? mantissa[1] : ""
        var digits = (mantissa[0] + fraction).drop { $0 == "0" }
        guard !digits.isEmpty else { return "0" }
        guard var exponent = parts.count > 1 ? Int(parts[1].drop { $0 == "+" }) : 0 else { return spelling }
        exponent -= fraction.count
        while digits.hasSuffix("0") {
            digits.removeLast()
            exponent += 1
        }
        return "\(sign)\(digits)e\(exponent)"
    }
}
