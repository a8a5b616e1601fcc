import Contracts
import Persistence

/// Those who use a store, and do again what they do not know to be done.
protocol Clients: AnyObject {
    associatedtype Table: LocalTable where Table.Record: SimulatedRecord

    init(_ world: World<Table>)
    func begin()
    /// Nothing new is begun; what is under way is brought to its end.
    func end()
    /// Whether nothing is under way.
    var isIdle: Bool { get }
    /// What is under way, for a report.
    var summary: String { get }
    func storeStarted()
    /// Another program changes something in `tier`.
    func changeOutside(_ tier: VirtualTier<Table.Record>)
}
