import Contracts
import Persistence
import Synchronization

/// The disk of one simulated machine: what is committed on it, and what is wrong with it.
final class VirtualDisk<Record: SimulatedRecord> {
    typealias Key = Record.Key

    /// All that a file holds.
    struct Image {
        var rows: [Key: Record] = [:]
        var debts: [Key: Debt<Key>] = [:]
        var progress: [TierName: TierProgress] = [:]
        /// Tombstones that were removed, by a planted bug: no row of these says the same as they did.
        var forgotten: [Key: Revision] = [:]
        /// Rows that cannot be read any more.
        var unreadable: Set<Key> = []
        var isBroken = false

        func revision(of key: Key) -> Revision { max(rows[key]?.revision ?? .none, forgotten[key] ?? .none) }
    }

    enum Trouble: CaseIterable {
        /// No call works.
        case failing
        /// Nothing can be written.
        case full, readOnly
        /// Calls fail now and then.
        case flaky
    }

    let path: String
    let dice: Dice
    var committed = Image()
    /// A commit that failed and is in the log all the same: in effect after the next start, unless another one comes.
    var ghost: Image?
    var trouble: Trouble?
    /// Broken files whose rows were not taken over.
    var unsalvaged: [String: Image] = [:]
    private var filesBroken = 0
    var faults: [String: Int] = [:]

    init(path: String, dice: Dice) {
        self.path = path
        self.dice = dice
        VirtualDisks.add(self, path)
    }

    func dismount() { VirtualDisks.remove(path) }

    /// The process is gone.
    func released() {
        if let ghost { committed = ghost }
        ghost = nil
    }

    func lost() {
        committed = Image()
        unsalvaged = [:]
        ghost = nil
    }

    /// Breaks the file so that some rows cannot be read.
    func broke() {
        ghost = nil
        committed.isBroken = true
        for key in committed.rows.keys.sorted(by: Record.isOrdered) where dice.chance(0.4) {
            committed.unreadable.insert(key)
            committed.rows[key] = nil
        }
    }

    func setAside() {
        filesBroken += 1
        unsalvaged["\(path).salvage-\(1_000 + filesBroken)"] = committed
        committed = Image()
        ghost = nil
        count("set aside")
    }

    /// Whether rows are gone and the store may not have seen that.
    var isDeceiving: Bool { committed.isBroken || !unsalvaged.isEmpty }

    /// The highest revision that the file has, or one that was set aside and not taken over.
    func revision(of key: Key) -> Revision {
        unsalvaged.values.reduce(committed.revision(of: key)) { max($0, $1.rows[key]?.revision ?? .none) }
    }

    func count(_ fault: String) { faults[fault, default: 0] += 1 }
}

/// The disks that are mounted, by their paths: a table is opened by its path alone.
enum VirtualDisks {
    private struct Mount: @unchecked Sendable {
        // SAFETY: a disk is used by the thread that mounted it, which alone knows its path.
        let disk: AnyObject
    }

    private static let mounts = Mutex<[String: Mount]>([:])

    static func add(_ disk: AnyObject, _ path: String) {
        let mount = Mount(disk: disk)
        mounts.withLock { $0[path] = mount }
    }

    static func remove(_ path: String) { mounts.withLock { $0[path] = nil } }

    static func find<Record: SimulatedRecord>(_ path: String, _: Record.Type) -> VirtualDisk<Record>? {
        let path = path.split(separator: ".").first.map(String.init) ?? path
        return mounts.withLock { $0[path] }?.disk as? VirtualDisk<Record>
    }
}
