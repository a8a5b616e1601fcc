public import Contracts

/// What happened to a store and was not acknowledged, and how many rows were ever put aside.
public struct StoreIncidents: Sendable, Equatable {
    /// Files first, the oldest first.
    public var unacknowledged: [StoreIncident] = []
    /// Rows in the table `quarantine`.
    public var quarantinedRows: Int64 = 0
    /// Some of those that were put aside last.
    public var quarantinedKeys: [String] = []
    /// Why the files could not be looked for; nil when they were.
    public var filesUnknown: String?

    public init() {}
}
