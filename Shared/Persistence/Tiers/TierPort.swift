package import Contracts

/// The shell of one remote tier: does what a store's core asks for, and reports each end as a `TierEvent`.
///
/// No call blocks. Of a connection, requests take effect in the order of the calls, and are answered in that order.
/// `link` and `request` come back with the answer.
package protocol TierPort<Record>: AnyObject {
    associatedtype Record: TieredRecord

    /// Connects, brings the schema up to date, and asks how the tier was left. `mark` is left there if the tier has none.
    func connect(link: Int, mark: Int64)
    /// Has another store take this one's place at once, which otherwise it may after ten minutes. The last request.
    ///
    /// - Parameter done: called once, when it is answered or cannot be, on any thread.
    func letGo(link: Int, done: @escaping @Sendable () -> Void)
    /// Ends a connection, whatever is under way on it.
    func disconnect(link: Int)
    /// Ends a connection that did not answer in time, and has the tier break off what it does for it.
    func giveUp(link: Int)
    /// Stores `records`, of different keys, each unless a revision as high or higher is there. The answer tells what the
    /// tier does not hold after that, which is asked and not concluded. A record that is refused is left out, if that
    /// helps the others.
    ///
    /// - Parameter makingWay: rows that will be replaced first give up what could stand in another one's way.
    func write(_ records: [Record], makingWay: Bool, link: Int, request: Int)
    /// Rows after `key` that are newer than `revision`, or that somebody else changed, in the order of keys.
    ///
    /// - Parameter limit: 0: no row is told, and the page's `next` is the key of the first; nil when there is none.
    func readPage(after key: Record.Key?, newerThan revision: Revision, limit: Int, link: Int, request: Int)
    /// The record that stands in the way of `record`.
    func findRival(of record: Record, link: Int, request: Int)
    /// A small write: leaves `next` in place of `visit`. Where another visit is found it stays.
    func touch(visit: Int64, next: Int64, link: Int, request: Int)
    /// Empties up to `limit` tombstones made before `moment`, the oldest first: see `TieredRecord.emptied`.
    func prune(before moment: Timestamp, limit: Int, link: Int, request: Int)
}

extension TierPort {
    /// Where no place is held.
    package func letGo(link: Int, done: @escaping @Sendable () -> Void) { done() }
}

/// What became of what a `TierPort` was asked for.
package enum TierEvent<Record: TieredRecord>: Sendable {
    case connected(TierContact)
    /// The connection ended, or could not be made. Whatever was under way has an unknown outcome.
    case lost(reason: String)
    case answered(request: Int, TierAnswer<Record>)
}

/// How a tier was left.
package struct TierContact: Sendable, Equatable {
    /// Of the database.
    package var mark: Int64
    /// What the latest visit left there; zero if none did.
    package var visit: Int64
    /// What time it is there; nil where that was not asked.
    package var serverTime: Timestamp?

    package init(mark: Int64, visit: Int64, serverTime: Timestamp? = nil) {
        self.mark = mark
        self.visit = visit
        self.serverTime = serverTime
    }

    /// Whether the tier was left alike, whenever that was asked.
    package static func == (lhs: TierContact, rhs: TierContact) -> Bool {
        (lhs.mark, lhs.visit) == (rhs.mark, rhs.visit)
    }
}

package enum TierAnswer<Record: TieredRecord>: Sendable {
    /// The write is committed, and the tier holds each record at its revision, but for these.
    case written(unstored: [TierUnstored<Record>])
    /// Nothing of the write is committed.
    case refused(TierRefusal)
    case page(TierPage<Record>)
    case rival(Record?)
    /// As the tier is left now.
    case touched(TierContact)
    /// How many tombstones were emptied.
    case pruned(Int)
}

package struct TierRefusal: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        /// Another record stands in the way of this one.
        case clash
        /// The same again may go well.
        case transient
        /// Another transaction holds the row, or the table, and did not end in time.
        case locked
        /// The tier will not take it tomorrow either: our bug.
        case bug
    }

    package var kind: Kind
    /// Which of the records was refused; nil when that is not known.
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
        /// The row says this, of another revision.
        case held(TierPage<Record>.Row)
        /// The tier does not take it.
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
        /// Whether the tier has the revision that the record counts as: not so when somebody else wrote it.
        package var isStamped: Bool

        /// Whether the row tells when it was changed. If not, it is newer than nothing that is known.
        package var isDated: Bool

        package init(_ record: Record, isStamped: Bool, isDated: Bool = true) {
            self.record = record
            self.isStamped = isStamped
            self.isDated = isDated
        }
    }

    package var rows: [Row]
    /// Rows that make no record, as text.
    package var unreadable: [(key: Record.Key, text: String)]
    /// The next page comes after this key; nil when this was the last.
    package var next: Record.Key?

    package init(rows: [Row], unreadable: [(key: Record.Key, text: String)] = [], next: Record.Key?) {
        self.rows = rows
        self.unreadable = unreadable
        self.next = next
    }
}
