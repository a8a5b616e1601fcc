import Contracts

/// The id that matches a response to its request: a string, a number or null, echoed exactly as the client spelled it.
struct RequestID: Hashable, Sendable {
    let json: JSONValue

    static let null = RequestID(unchecked: .null)

    /// nil when JSON-RPC does not allow `json` as an id.
    init?(_ json: JSONValue) {
        switch json {
        case .string, .integer, .decimal, .null: self.init(unchecked: json)
        case .bool, .array, .object: return nil
        }
    }

    init(_ number: Int64) { self.init(unchecked: .integer(number)) }

    private init(unchecked json: JSONValue) { self.json = json }
}
