/// The last updates that were handled and changed nothing, with their lanes.
///
/// They are settled, but until Telegram has the confirmation, they come again after a crash. By then an entry may be
/// open, and a "hello" that was sent before it must not become its nickname. So the next change of the lane's
/// conversation stores their ids. Telegram shows 100 updates from the first unsettled one on, so no older one can come.
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
