public import Contracts

/// The incidents of a store that no operator has acknowledged, and the number of rows ever quarantined.
public struct StoreIncidents: Sendable, Equatable {
    /// Files first, the oldest first.
    public var unacknowledged: [StoreIncident] = []
    /// Rows in the table `quarantine`.
    public var quarantinedRows: Int64 = 0
    /// The keys of some of the rows that were quarantined last.
    public var quarantinedKeys: [String] = []
    /// Why the search for broken files failed; nil if it succeeded.
    public var filesUnknown: String?

    public init() {}
}
