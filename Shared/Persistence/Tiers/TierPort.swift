package import Contracts

/// The shell of one remote tier: performs the requests of a store's core, and reports each outcome as a `TierEvent`.
///
/// No call blocks. On one connection, requests take effect in the order of the calls, and get their responses in that
/// order. `link` and `request` come back with the response.
package protocol TierPort<Record>: AnyObject {
    associatedtype Record: TieredRecord

    /// Connects, updates the schema, and reads the tier's mark and visit. Leaves `mark` there if the tier has none.
    func connect(link: Int, mark: Int64)
    /// Allows another store to take this one's place at once; otherwise it may do so only after ten minutes. This is
    /// the last request.
    ///
    /// - Parameter done: called once, on any thread, when the response has come or cannot come.
    func letGo(link: Int, done: @escaping @Sendable () -> Void)
    /// Ends a connection, even if requests are under way on it.
    func disconnect(link: Int)
    /// Ends a connection that did not respond in time, and makes the tier cancel its work for it.
    func giveUp(link: Int)
    /// Stores `records`, of different keys, each unless a revision as high or higher is there. The response lists the
    /// records that the tier does not have after that, read from the database and not inferred. A refused record is
    /// left out if that helps the others.
    ///
    /// - Parameter makingWay: rows that will be replaced first give up values that could stand in another one's way.
    func write(_ records: [Record], makingWay: Bool, link: Int, request: Int)
    /// Reads rows after `key` that are newer than `revision`, or that another program changed, in the order of keys.
    ///
    /// - Parameter limit: with 0, no row is returned, and the page's `next` is the key of the first row; nil when there
    ///   is none.
    func readPage(after key: Record.Key?, newerThan revision: Revision, limit: Int, link: Int, request: Int)
    /// Finds the record that stands in the way of `record`.
    func findRival(of record: Record, link: Int, request: Int)
    /// A small write: replaces the visit `visit` by `next`. A different visit there is kept.
    func touch(visit: Int64, next: Int64, link: Int, request: Int)
    /// Empties up to `limit` tombstones made before `moment`, the oldest first: see `TieredRecord.emptied`.
    func prune(before moment: Timestamp, limit: Int, link: Int, request: Int)
}

extension TierPort {
    /// For a port that does not claim a store's place in the tier.
    package func letGo(link: Int, done: @escaping @Sendable () -> Void) { done() }
}

/// The outcome of a `TierPort` request.
package enum TierEvent<Record: TieredRecord>: Sendable {
    case connected(TierContact)
    /// The connection ended, or could not be made. Requests under way have an unknown outcome.
    case lost(reason: String)
    case answered(request: Int, TierAnswer<Record>)
}

/// The mark and the visit that a contact found in a tier.
package struct TierContact: Sendable, Equatable {
    /// The number that identifies the database.
    package var mark: Int64
    /// The number that the latest visit left there; zero if there was no visit.
    package var visit: Int64
    /// The time of the tier's clock; nil if it was not read.
    package var serverTime: Timestamp?

    package init(mark: Int64, visit: Int64, serverTime: Timestamp? = nil) {
        self.mark = mark
        self.visit = visit
        self.serverTime = serverTime
    }

    /// Whether mark and visit are equal; the time does not matter.
    package static func == (lhs: TierContact, rhs: TierContact) -> Bool {
        (lhs.mark, lhs.visit) == (rhs.mark, rhs.visit)
    }
}

package enum TierAnswer<Record: TieredRecord>: Sendable {
    /// The write is committed, and the tier has each record at its revision, except these.
    case written(unstored: [TierUnstored<Record>])
    /// Nothing of the write is committed.
    case refused(TierRefusal)
    case page(TierPage<Record>)
    case rival(Record?)
    /// The tier's mark and visit now.
    case touched(TierContact)
    /// The number of tombstones that were emptied.
    case pruned(Int)
}

package struct TierRefusal: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        /// Another record stands in the way of this one.
        case clash
        /// The same request may succeed later.
        case transient
        /// Another transaction has locked the row or the table, and did not end in time.
        case locked
        /// The tier will not accept it tomorrow either: our bug.
        case bug
    }

    package var kind: Kind
    /// The position of the refused record; nil when that is not known.
    package var index: Int?
    package var reason: String

    package init(_ kind: Kind, index: Int?, reason: String) {
        self.kind = kind
        self.index = index
        self.reason = reason
    }
}

/// A record that a committed write did not leave in the tier.
package struct TierUnstored<Record: TieredRecord>: Sendable {
    package enum Cause: Sendable {
        /// The tier has this row, of another revision.
        case held(TierPage<Record>.Row)
        /// The tier refuses it.
        case refused(TierRefusal)
    }

    /// Its position in the write.
    package var index: Int
    package var cause: Cause

    package init(_ index: Int, _ cause: Cause) {
        self.index = index
        self.cause = cause
    }
}

/// Rows of a tier.
package struct TierPage<Record: TieredRecord>: Sendable {
    package struct Row: Sendable {
        package var record: Record
        /// Whether the tier has the record's revision; false when another program wrote the row.
        package var isStamped: Bool

        /// Whether the row says when it was changed. If not, it counts as older than every known revision.
        package var isDated: Bool

        package init(_ record: Record, isStamped: Bool, isDated: Bool = true) {
            self.record = record
            self.isStamped = isStamped
            self.isDated = isDated
        }
    }

    package var rows: [Row]
    /// Rows that cannot be read as records, as text.
    package var unreadable: [(key: Record.Key, text: String)]
    /// The key after which the next page begins; nil when this was the last page.
    package var next: Record.Key?

    package init(rows: [Row], unreadable: [(key: Record.Key, text: String)] = [], next: Record.Key?) {
        self.rows = rows
        self.unreadable = unreadable
        self.next = next
    }
}
