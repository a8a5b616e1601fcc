import Contracts

/// The parked updates of one lane, as Telegram sent them: `state_data` of the lane's conversations of the types
/// ``types``, called records here.
///
/// This is the content that must be stored. ``unstored`` has the records of which that is not known yet.
struct ParkedUpdates: Sendable {
    struct Entry: Sendable, Equatable {
        var id: Int64
        /// The position in the lane: it grows from one entry to the next.
        var order: Int64
        var receivedAt: Timestamp
        /// The update as Telegram sent it.
        var json: String
        /// Whether a durable tier has it.
        var isStored: Bool
        /// How many bytes it takes of a record, at most.
        let bytes: Int

        init(id: Int64, order: Int64, receivedAt: Timestamp, json: String, isStored: Bool = false) {
            self.id = id
            self.order = order
            self.receivedAt = receivedAt
            self.json = json
            self.isStored = isStored
            bytes = JSONValue.string(json).serialized().count + 128
        }

        fileprivate var value: JSONValue {
            [
                "update_id": .integer(id), "order": .integer(order),
                "received_at": .integer(receivedAt.milliseconds), "update": .string(json),
            ]
        }
    }

    static let types = (0..<16).map { $0 == 0 ? ConversationKey.parked : "\(ConversationKey.parked).\($0)" }
    static let step = "parked"
    /// Below the 256 KiB that the state-service accepts.
    static let recordBytesMax = 200 * 1_024
    private static let entriesKey = "updates"

    private var records = [[Entry]](repeating: [], count: types.count)
    /// Records by their number in ``types``.
    private(set) var unstored: Set<Int> = []
    /// Settled updates that may still be in the stored record of that number.
    private var leaving: [Int64: Int] = [:]

    var isEmpty: Bool { records.allSatisfy(\.isEmpty) }
    /// All entries, in the lane's order.
    var entries: [Entry] { records.flatMap(\.self).sorted { $0.order < $1.order } }

    /// The lowest id that the records have, or that the stored records may still have; nil if there is none.
    var lowestID: Int64? { (records.joined().map(\.id) + leaving.keys).min() }

    var storedCount: Int { records.joined().count(where: \.isStored) }

    func entry(_ id: Int64) -> Entry? { records.lazy.flatMap(\.self).first { $0.id == id } }

    func entries(of record: Int) -> [Entry] { records[record] }

    /// The `state_data` of a record with these entries; nil for none.
    static func data(_ entries: [Entry]) -> [String: JSONValue]? {
        entries.isEmpty ? nil : [entriesKey: .array(entries.map(\.value))]
    }

    /// - Returns: false if there is no room: the update stays with Telegram.
    mutating func add(_ entry: Entry) -> Bool {
        let free = records.firstIndex { record in
            record.reduce(entry.bytes) { $0 + $1.bytes } <= Self.recordBytesMax
        }
        guard let free else { return false }
        records[free].append(entry)
        unstored.insert(free)
        return true
    }

    /// The update was settled.
    mutating func remove(_ id: Int64) {
        guard let number = records.firstIndex(where: { $0.contains { $0.id == id } }) else { return }
        records[number].removeAll { $0.id == id }
        leaving[id] = number
        unstored.insert(number)
    }

    /// A durable tier has the record with these entries. The record may have changed since.
    ///
    /// - Returns: the updates that were not known to be stored before.
    mutating func stored(_ record: Int, _ written: [Entry]) -> [Int64] {
        let ids = Set(written.map(\.id))
        for (id, number) in leaving where number == record && !ids.contains(id) { leaving[id] = nil }
        var new: [Int64] = []
        for index in records[record].indices where ids.contains(records[record][index].id) {
            if !records[record][index].isStored { new.append(records[record][index].id) }
            records[record][index].isStored = true
        }
        if records[record].map(\.id) == written.map(\.id) { unstored.remove(record) }
        return new
    }

    /// Takes over a record of an earlier process. Entries that cannot be read are left out.
    ///
    /// - Parameter isDurable: whether a durable tier has the record.
    mutating func adopt(_ data: [String: JSONValue], record: Int, isDurable: Bool) {
        for value in data[Self.entriesKey]?.arrayValue ?? [] {
            guard let members = value.objectValue, let id = members["update_id"]?.integerValue,
                let order = members["order"]?.integerValue, let json = members["update"]?.stringValue,
                let receivedAt = members["received_at"]?.integerValue, entry(id) == nil
            else { continue }
            records[record].append(
                Entry(
                    id: id, order: order, receivedAt: Timestamp(clamping: receivedAt), json: json, isStored: isDurable))
        }
        if !isDurable { unstored.insert(record) }
    }
}
