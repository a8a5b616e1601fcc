/// Damage to a service's stored data that the operator should know about and handle.
public struct StoreIncident: Sendable, Equatable {
    public enum Kind: String, Sendable {
        /// The database file was damaged. It was moved aside, and a new one was made from its readable rows.
        case fileReplaced = "file_replaced"
        /// Unreadable rows were moved to the table `quarantine`.
        case rowsQuarantined = "rows_quarantined"
    }

    public var kind: Kind
    /// The path of the damaged file, or of the database with the table `quarantine`.
    public var file: String
    /// The number of rows read from the damaged file, nil if unknown; or the number of rows in quarantine.
    public var rows: Int64?
    /// When the file was moved aside; nil for rows.
    public var at: Timestamp?

    public init(_ kind: Kind, file: String, rows: Int64?, at: Timestamp? = nil) {
        self.kind = kind
        self.file = file
        self.rows = rows
        self.at = at
    }

    init(_ members: Parameters) throws(RPCError) {
        guard let kind = Kind(rawValue: try members.string("kind")) else {
            throw .invalidArgument("kind", "file_replaced or rows_quarantined")
        }
        self.init(
            kind, file: try members.string("file"), rows: members.member("rows")?.integerValue,
            at: members.member("at")?.stringValue.flatMap { Timestamp(parsing: $0) })
    }

    public var json: JSONValue {
        [
            "kind": .string(kind.rawValue), "file": .string(file), "rows": rows.map(JSONValue.integer) ?? .null,
            "at": at.map { .string($0.description) } ?? .null,
        ]
    }
}
