/// The last `countMax` ids of finished updates, in a ring.
public struct RecentIDs: Sendable {
    private var ring: [Int64] = []
    private var next = 0
    private var ids: Set<Int64> = []
    private let countMax: Int

    public init(countMax: Int) {
        precondition(countMax > 0)
        self.countMax = countMax
    }

    public func contains(_ id: Int64) -> Bool { ids.contains(id) }

    /// Adds an id; drops the oldest one if there would be more than `countMax`.
    public mutating func remember(_ id: Int64) {
        guard ids.insert(id).inserted else { return }
        if ring.count < countMax {
            ring.append(id)
        } else {
            ids.remove(ring[next])
            ring[next] = id
        }
        next = (next + 1) % countMax
    }
}
