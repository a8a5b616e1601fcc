import Persistence

/// What outlives the process, and not the machine.
final class VirtualRuntimeDirectory<Record: SimulatedRecord> {
    var records: [Record] = []
    var isBegun = false

    func lost() {
        records = []
        isBegun = false
    }
}

final class VirtualJournal<Record: SimulatedRecord>: MemoryJournal {
    let restored: [Record]
    private let directory: VirtualRuntimeDirectory<Record>

    init(_ directory: VirtualRuntimeDirectory<Record>) {
        self.directory = directory
        restored = Dictionary(directory.records.map { ($0.key, $0) }) { $0.revision >= $1.revision ? $0 : $1 }
            .values.sorted { $0.revision < $1.revision }
    }

    var isFirst: Bool { !directory.isBegun }
    func begin() { directory.isBegun = true }
    var isEmpty: Bool { directory.records.isEmpty }
    var isLong: Bool { directory.records.count > 20 }
    func append(_ records: [Record]) throws { directory.records += records }
    func replace(with records: [Record]) throws { directory.records = records }
}
