package import Contracts

/// The statements of one table, and how their rows are read.
package protocol PostgresTable<Record>: SendableMetatype {
    associatedtype Record: TieredRecord

    static var store: Migrator.Store { get }
    /// The SQL of the frequent statements, which are prepared.
    static var repeated: [String] { get }
    /// Stores `record` unless a revision as high or higher is there. Returns the key if it was stored.
    static func put(_ record: Record) -> PostgresStatement
    /// `put` for many records of different keys in one statement; nil if the table has no such statement.
    static func putAll(_ records: [Record]) -> PostgresStatement?
    /// Moves the row that `record` will replace out of the way of others, until the end of the batch.
    static func makeWay(for record: Record) -> PostgresStatement?
    /// The row that stands in the way of `record`; nil if there can be none.
    static func rival(of record: Record) -> PostgresStatement?
    /// The current rows of `keys`, including deleted ones. If a key has two rows, the higher revision counts.
    static func rows(of keys: [Record.Key]) -> PostgresStatement
    static func page(after key: Record.Key?, newerThan revision: Revision, limit: Int) -> PostgresStatement
    /// Only the key of the first row that `page` would return.
    static func firstKey(after key: Record.Key?, newerThan revision: Revision) -> PostgresStatement
    /// The key in a row that `put`, `putAll`, `page` or `firstKey` returned.
    static func key(_ row: PostgresRow) -> Record.Key
    static func prune(before moment: Timestamp, limit: Int) -> PostgresStatement
    /// Reads the result of `page`, seen at `now`.
    static func read(_ result: PostgresResult, limit: Int, at now: Timestamp) -> PostgresPage<Record>
    /// The kind of a refusal that a row has caused: `clash` or `bug`.
    static func refusal(_ error: PostgresError) -> TierRefusal.Kind
}
