/// Something that happened to what a service stores, and that a person should know of and look after.
public struct StoreIncident: Sendable, Equatable {
    public enum Kind: String, Sendable {
        /// The database was broken. It was moved aside, and a new one made of the rows that could be read of it.
        case fileReplaced = "file_replaced"
        /// Rows that could not be read were put aside, in the table `quarantine`.
        case rowsQuarantined = "rows_quarantined"
    }

    public var kind: Kind
    /// The broken file, where it is now; or the database with the table `quarantine`.
    public var file: String
    /// How many rows were read of the broken file, nil when that is not known; or how many were put aside.
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
