/// The updates that were answered last and changed nothing, with their lanes.
///
/// They are settled, but until Telegram has heard that, they come again after a crash. By then the person may have gone
/// on, and "hello", said before an entry was open, must not become its nickname. So the next change of the lane's
/// conversation takes them along. Telegram shows 100 updates from the first unsettled one on; no older ones can come.
struct AnsweredUpdates: Sendable {
    static let updatesMax = 256

    private var updates: [(lane: LaneKey, id: Int64)] = []
    private var oldest = 0

    mutating func answered(_ id: Int64, in lane: LaneKey) {
        if updates.count < Self.updatesMax {
            updates.append((lane, id))
        } else {
            updates[oldest] = (lane, id)
            oldest = (oldest + 1) % Self.updatesMax
        }
    }

    func ids(of lane: LaneKey) -> [Int64] { updates.filter { $0.lane == lane }.map(\.id) }
}
