import Contracts
import Persistence

/// What is stored of a key, in one place each.
extension World {
    /// The records of `revision` on the disk, in the tiers, and in the store's memory and its journal. A row of a tier that
    /// another program changed with a trace is none of that revision.
    func copies(of key: Key, at revision: Revision) -> [Record] {
        let rows = tiers.compactMap { $0.content.rows[key] }.filter { $0.stored == $0.revision }.map(\.record)
        let inMemory = core == nil ? nil : memory.shown(key)
        let journaled = runtimeDirectory.records.filter { $0.key == key }
        let all = rows + journaled + [disk.committed.rows[key], inMemory].compactMap { $0 }
        return all.filter { $0.revision == revision }
    }
}
