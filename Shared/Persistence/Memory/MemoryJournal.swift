/// The spill file of a store: it stores records that are in memory only, so that they survive the end of the process.
package protocol MemoryJournal<Record>: AnyObject {
    associatedtype Record: TieredRecord

    /// The records that an earlier process wrote: the newest of each key.
    var restored: [Record] { get }
    var isEmpty: Bool { get }
    /// Whether no earlier process called `begin`. Then any records that were in memory only are lost.
    var isFirst: Bool { get }
    /// Declares that records in memory only are written here from now on.
    func begin()
    /// Whether the file has far more records than are in memory only.
    var isLong: Bool { get }
    /// When it returns, the records outlive the process.
    func append(_ records: [Record]) throws
    /// Replaces the content of the file by `records`.
    func replace(with records: [Record]) throws
}
