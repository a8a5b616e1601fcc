import Contracts

/// What matches an answer with its request: a string, a number or null, echoed as it was spelled.
struct RequestID: Hashable, Sendable {
    let json: JSONValue

    static let null = RequestID(unchecked: .null)

    /// nil when `json` is nothing that JSON-RPC takes for an id.
    init?(_ json: JSONValue) {
        switch json {
        case .string, .integer, .decimal, .null: self.init(unchecked: json)
        case .bool, .array, .object: return nil
        }
    }

    init(_ number: Int64) { self.init(unchecked: .integer(number)) }

    private init(unchecked json: JSONValue) { self.json = json }
}
