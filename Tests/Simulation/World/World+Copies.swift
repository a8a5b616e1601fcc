import Contracts
import Persistence

/// What is stored of a key, in one place each.
extension World {
    /// The records of `revision` on the disk, in the tiers, in the store's memory and in its spill file. A tier's row
    /// that another program changed with a trace does not have that revision.
    func copies(of key: Key, at revision: Revision) -> [Record] {
        let rows = tiers.compactMap { $0.content.rows[key] }.filter { $0.stored == $0.revision }.map(\.record)
        let inMemory = core == nil ? nil : memory.shown(key)
        let journaled = runtimeDirectory.records.filter { $0.key == key }
        let all = rows + journaled + [disk.committed.rows[key], inMemory].compactMap { $0 }
        return all.filter { $0.revision == revision }
    }
}
