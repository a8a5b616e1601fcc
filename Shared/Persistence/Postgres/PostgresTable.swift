package import Contracts

/// The statements of one table, and what their rows say.
package protocol PostgresTable<Record>: SendableMetatype {
    associatedtype Record: TieredRecord

    static var store: Migrator.Store { get }
    /// The SQL of what is done again and again.
    static var repeated: [String] { get }
    /// Stores `record` unless a revision as high or higher is there. Returns the key if it was stored.
    static func put(_ record: Record) -> PostgresStatement
    /// `put` for many records of different keys in one statement; nil where there is none.
    static func putAll(_ records: [Record]) -> PostgresStatement?
    /// Puts the row that `record` will replace out of the way of others, for the length of the batch.
    static func makeWay(for record: Record) -> PostgresStatement?
    /// The row that stands in the way of `record`; nil where there can be none.
    static func rival(of record: Record) -> PostgresStatement?
    /// What the rows of `keys` say now, deleted ones among them. A key may have two rows; then the higher revision counts.
    static func rows(of keys: [Record.Key]) -> PostgresStatement
    static func page(after key: Record.Key?, newerThan revision: Revision, limit: Int) -> PostgresStatement
    /// The key alone of the first row that `page` would bring.
    static func firstKey(after key: Record.Key?, newerThan revision: Revision) -> PostgresStatement
    /// The key in a row that `put`, `putAll`, `page` or `firstKey` returned.
    static func key(_ row: PostgresRow) -> Record.Key
    static func prune(before moment: Timestamp, limit: Int) -> PostgresStatement
    /// What `page` brought, seen at `now`.
    static func read(_ result: PostgresResult, limit: Int, at now: Timestamp) -> PostgresPage<Record>
    /// What a refusal that a row was the reason for comes to: `clash` or `bug`.
    static func refusal(_ error: PostgresError) -> TierRefusal.Kind
}
