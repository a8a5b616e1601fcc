/// Where a store notes what only memory holds, so that the end of the process does not end it.
package protocol MemoryJournal<Record>: AnyObject {
    associatedtype Record: TieredRecord

    /// What an earlier process noted: the newest of each key.
    var restored: [Record] { get }
    var isEmpty: Bool { get }
    /// Whether no earlier process began here: what memory held before, if anything, is lost.
    var isFirst: Bool { get }
    /// From now on what memory alone holds is noted here.
    func begin()
    /// Whether it holds far more than what is held.
    var isLong: Bool { get }
    /// When it returns, the records outlive the process.
    func append(_ records: [Record]) throws
    /// From now on it holds just `records`.
    func replace(with records: [Record]) throws
}
