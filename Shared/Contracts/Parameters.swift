/// The named parameters of a call, or the members of a result. Reads each by its rules, or throws an `invalidArgument`
/// that names the member and the accepted values.
public struct Parameters: Sendable {
    let members: [String: JSONValue]

    public init(_ members: [String: JSONValue]) { self.members = members }

    /// The member; nil when it is missing or JSON null.
    func member(_ name: String) -> JSONValue? {
        guard let value = members[name], !value.isNull else { return nil }
        return value
    }

    /// The member `name`, converted by `read`; nil when there is none.
    func optional<Value>(
        _ name: String, _ read: (Parameters) throws(RPCError) -> Value
    ) throws(RPCError) -> Value? {
        guard member(name) != nil else { return nil }
        return try read(self)
    }

    func string(_ name: String) throws(RPCError) -> String {
        guard let value = member(name)?.stringValue else { throw .invalidArgument(name, "a string") }
        return value
    }

    /// A string of 1 to 128 bytes without control characters.
    func identifier(_ name: String) throws(RPCError) -> String {
        guard let value = member(name)?.stringValue, (1...128).contains(value.utf8.count), !value.hasControlCharacters
        else { throw .invalidArgument(name, "a string of 1 to 128 bytes without control characters") }
        return value
    }

    /// A step from another program: 1 to 128 bytes, any except U+0000.
    func step(_ name: String) throws(RPCError) -> String {
        guard let value = member(name)?.stringValue, (1...128).contains(value.utf8.count), !value.utf8.contains(0)
        else {
            throw .invalidArgument(name, "a string of 1 to 128 bytes without U+0000")
        }
        return value
    }

    func integer(_ name: String) throws(RPCError) -> Int64 {
        guard let value = member(name)?.integerValue else { throw .invalidArgument(name, "an integer of 64 bits") }
        return value
    }

    func integer(_ name: String, in range: ClosedRange<Int64>) throws(RPCError) -> Int64 {
        guard let value = member(name)?.integerValue, range.contains(value) else {
            throw .invalidArgument(name, "an integer from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    func boolean(_ name: String) throws(RPCError) -> Bool {
        guard let value = member(name)?.boolValue else { throw .invalidArgument(name, "true or false") }
        return value
    }

    func array(_ name: String) throws(RPCError) -> [JSONValue] {
        guard let value = member(name)?.arrayValue else { throw .invalidArgument(name, "an array") }
        return value
    }

    func object(_ name: String) throws(RPCError) -> [String: JSONValue] {
        guard let value = member(name)?.objectValue else { throw .invalidArgument(name, "an object") }
        return value
    }

    func revision(_ name: String) throws(RPCError) -> Revision { Revision(rawValue: try integer(name)) }

    func timestamp(_ name: String) throws(RPCError) -> Timestamp {
        guard let text = member(name)?.stringValue, let value = Timestamp(parsing: text) else {
            throw .invalidArgument(name, "an RFC 3339 time in UTC")
        }
        return value
    }

    /// A UUID in its text form, in upper or lower case; returned in lower case.
    func uuid(_ name: String) throws(RPCError) -> String {
        guard let value = member(name)?.stringValue, value.isUUID else { throw .invalidArgument(name, "a UUID") }
        return value.lowercased()
    }

    func tiers(_ name: String) throws(RPCError) -> [TierName] {
        var tiers: [TierName] = []
        for element in try array(name) {
            guard let text = element.stringValue, let tier = TierName(rawValue: text) else {
                throw .invalidArgument(name, "a list of tier names")
            }
            tiers.append(tier)
        }
        return tiers
    }

    /// JSON that both databases can store: no NUL in a string, no number that PostgreSQL refuses, and at most
    /// `bytesMax` bytes when written out, its numbers too. Its depth is bounded as well: a response that contains it
    /// may nest deeper than the request did, and our own parser must still accept it.
    func storable(_ name: String, _ value: JSONValue, bytesMax: Int) throws(RPCError) -> JSONValue {
        guard !value.containsNUL else { throw .invalidArgument(name, "JSON without the character U+0000") }
        guard value.depth <= JSONValue.storedDepthMax else {
            throw .invalidArgument(name, "JSON nested at most \(JSONValue.storedDepthMax) deep")
        }
        guard value.hasStorableNumbers else {
            throw .invalidArgument(
                name,
                "JSON whose numbers have at most \(DecimalNumber.wholeDigitsMax) digits before the decimal point and "
                    + "\(DecimalNumber.fractionDigitsMax) behind it, when they are written out")
        }
        guard value.serialized().count + value.hiddenLength <= bytesMax else {
            throw .invalidArgument(name, "at most \(bytesMax) bytes of JSON, its numbers written out")
        }
        return value
    }
}

extension String {
    /// Whether the text contains a character of Unicode's general category Cc.
    var hasControlCharacters: Bool { unicodeScalars.contains { $0.properties.generalCategory == .control } }

    /// Whether this is the text form of a UUID (RFC 9562 §4) of any version.
    public var isUUID: Bool {
        utf8.count == 36
            && utf8.enumerated().allSatisfy { index, byte in
                switch index {
                case 8, 13, 18, 23: byte == UInt8(ascii: "-")
                default: Character(Unicode.Scalar(byte)).isHexDigit && byte < 0x80
                }
            }
    }
}

extension JSONValue {
    /// The greatest depth of a stored value. It leaves room below `depthMax` for the response around the value.
    static let storedDepthMax = depthMax - 16

    /// The depth of nesting: 1 for a value without elements or members.
    var depth: Int {
        switch self {
        case .null, .bool, .integer, .decimal, .string: 1
        case .array(let elements): 1 + (elements.lazy.map(\.depth).max() ?? 0)
        case .object(let members): 1 + (members.values.lazy.map(\.depth).max() ?? 0)
        }
    }

    var containsNUL: Bool {
        switch self {
        case .null, .bool, .integer, .decimal: false
        case .string(let text): text.utf8.contains(0)
        case .array(let elements): elements.contains(where: \.containsNUL)
        case .object(let members): members.contains { $0.key.utf8.contains(0) || $0.value.containsNUL }
        }
    }
}
