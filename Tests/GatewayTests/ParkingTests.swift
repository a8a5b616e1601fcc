import Contracts
import Logging
import Synchronization
import TelegramBotAPI
import TestSupport
import Testing

@testable import Gateway

@Suite struct ParkingTests {
    private let services = FakeServices()
    private let lane = LaneKey(userID: 42, chatID: 42)
    private let received = Timestamp(milliseconds: 1_800_000_000_000)
    private let confirmed = Confirmed()

    private final class Confirmed: Sendable {
        let ids = Mutex<[Int64]>([])
        var all: [Int64] { ids.withLock { $0 } }
    }

    private func parking() -> Parking<FakeServices> {
        Parking(calls: services, logger: Logger(label: "test")) { [confirmed] id in
            confirmed.ids.withLock { $0.append(id) }
        }
    }

    private static func json(_ id: Int64) -> String {
        let message = #"{"message_id":\#(id),"date":1,"chat":{"id":42,"type":"private"},"text":"é\u0000"}"#
        return #"{"update_id":\#(id),"message":\#(message)}"#
    }

    /// Runs `body` in a process that found no records at its start.
    private func running(_ parking: Parking<FakeServices>, _ body: () async throws -> Void) async throws {
        #expect(await parking.resume()?.isEmpty == true)
        parking.resumed()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await parking.run() }
            try await body()
            group.cancelAll()
        }
    }

    /// Waits until a later update of another lane is parked: earlier ones that wait are then parked as well.
    private func anotherIsParked(_ parking: Parking<FakeServices>) async throws {
        #expect(parking.received(8, LaneKey(userID: 43, chatID: 43), at: received, json: Self.json(8)))
        try await eventually("the other one is parked") { parking.count == 1 && confirmed.all.contains(8) }
    }

    /// After a restart, updates of two lanes may belong to one: those of a group and of the supergroup that it became.
    @Test func `Updates of two lanes: in the order received, also for the next process`() async throws {
        let (other, parking) = (LaneKey(userID: 44, chatID: -5), parking())
        try await running(parking) {
            for id in 1...40 as ClosedRange<Int64> {
                #expect(parking.received(id, id % 3 == 0 ? other : lane, at: received, json: Self.json(id)))
            }
            try await eventually("all are parked") { parking.count == 40 }
        }
        let found = await self.parking().resume() ?? []
        #expect(found.count == 2)
        #expect(found.flatMap(\.updates).sorted { $0.order < $1.order }.map(\.update.id) == Array(1...40))
    }

    @Test func `An update that waits: confirmed once it is stored, and found by the next process`()
        async throws
    {
        let parking = parking()
        try await running(parking) {
            #expect(parking.received(7, lane, at: received, json: Self.json(7)))
            #expect(parking.received(3, lane, at: received, json: Self.json(3)))
            #expect(confirmed.all.isEmpty && parking.count == 0)
            try await eventually("both are confirmed") { confirmed.all.sorted() == [3, 7] }
            #expect(parking.count == 2 && parking.lowestID == 3)
            // Telegram delivers it again: it is confirmed, and not handled twice.
            #expect(!parking.received(7, lane, at: received, json: Self.json(7)))
            #expect(confirmed.all.count == 3)

            let next = self.parking()
            let found = try #require(await next.resume())
            #expect(found.count == 1 && found[0].lane == lane && found[0].updates.map(\.update.id) == [7, 3])
            #expect(found[0].updates.allSatisfy { $0.receivedAt == received })
            #expect(next.lowestID == 3)

            parking.settled(7)
            parking.settled(3)
            try await eventually("nothing is stored") {
                services.row(lane, ConversationKey.parked)?.isOpen == false
            }
            #expect(confirmed.all.count == 3 && parking.count == 0)
            #expect(await self.parking().resume()?.isEmpty == true)
        }
    }

    @Test func `An update that is settled in time: not stored`() async throws {
        let parking = parking()
        try await running(parking) {
            #expect(parking.received(7, lane, at: received, json: Self.json(7)))
            parking.settled(7)
            #expect(confirmed.all == [7])
            try await anotherIsParked(parking)
        }
        #expect(services.row(lane, ConversationKey.parked) == nil)
    }

    /// Its lane remembers only so many of the updates that may come again.
    @Test func `An update that has its effect: stays with Telegram until it is settled`() async throws {
        let parking = parking()
        try await running(parking) {
            #expect(parking.received(7, lane, at: received, json: Self.json(7)))
            parking.applied(7)
            try await anotherIsParked(parking)
            #expect(confirmed.all == [8])
            parking.settled(7)
            #expect(confirmed.all == [8, 7])
        }
        #expect(services.row(lane, ConversationKey.parked) == nil)
    }

    @Test func `A settled update: counts as parked until its record is stored without it`() {
        var parked = ParkedUpdates()
        for id: Int64 in [7, 9] {
            let hasRoom = parked.add(.init(id: id, order: id, receivedAt: received, json: Self.json(id)))
            #expect(hasRoom)
        }
        let written = parked.entries
        _ = parked.stored(0, written)
        parked.remove(7)
        #expect(parked.lowestID == 7)
        // A write that began before the removal does not count.
        _ = parked.stored(0, written)
        #expect(parked.lowestID == 7 && parked.unstored == [0])
        _ = parked.stored(0, parked.entries)
        #expect(parked.lowestID == 9 && parked.unstored.isEmpty)
    }

    @Test func `An update that only memory has: not confirmed until a durable tier has it`() async throws {
        services.content.withLock { $0.isStateDurable = false }
        let parking = parking()
        try await running(parking) {
            #expect(parking.received(7, lane, at: received, json: Self.json(7)))
            try await eventually("it is in memory") { services.row(lane, ConversationKey.parked) != nil }
            #expect(confirmed.all.isEmpty)
            // A process that finds it in memory waits for a durable tier as well.
            let next = self.parking()
            #expect(next.received(7, lane, at: received, json: Self.json(7)))
            #expect(await next.resume()?.map(\.updates.count) == [0])
            #expect(confirmed.all.isEmpty && !next.isResumed)
            services.content.withLock { $0.isStateDurable = true }
            try await eventually("it is confirmed", within: .seconds(10)) { confirmed.all == [7] }
        }
    }

    @Test func `An update delivered again while the records are read: once in the lane`() async throws {
        let parking = parking()
        try await running(parking) {
            #expect(parking.received(7, lane, at: received, json: Self.json(7)))
            try await eventually("it is confirmed") { confirmed.all == [7] }
        }
        let next = self.parking()
        #expect(next.received(7, lane, at: received, json: Self.json(7)))
        #expect(await next.resume()?.map(\.updates.count) == [0])
        #expect(confirmed.all == [7, 7])
    }

    @Test func `A parked update that cannot be read: left out, and removed from its record`() async throws {
        var parked = ParkedUpdates()
        for (order, json) in ["no JSON", Self.json(7)].enumerated() {
            let hasRoom = parked.add(
                .init(id: Int64(order) + 6, order: Int64(order), receivedAt: received, json: json))
            #expect(hasRoom)
        }
        _ = try await services.call(
            StateSave.self,
            .init(
                key: lane.conversation(ConversationKey.parked), step: ParkedUpdates.step,
                data: try #require(ParkedUpdates.data(parked.entries))))
        let parking = parking()
        #expect(await parking.resume()?.map { $0.updates.map(\.update.id) } == [[7]])
        #expect(parking.count == 1)
        await parking.forgetSettled(within: .seconds(10))
        let row = services.row(lane, ConversationKey.parked)
        #expect(row?.data["updates"]?.arrayValue?.count == 1)
    }

    @Test func `Parked updates: in order over several records, and refused beyond all of them`() throws {
        var parked = ParkedUpdates()
        let text = String(repeating: "é", count: 10_000)
        var taken: [Int64] = []
        for id in (1...200).map(Int64.init) {
            let hasRoom = parked.add(.init(id: 1_000 - id, order: id, receivedAt: received, json: text))
            if hasRoom { taken.append(1_000 - id) }
        }
        #expect((100..<200).contains(taken.count))
        #expect(parked.entries.map(\.id) == taken)
        for record in ParkedUpdates.types.indices {
            let data = try #require(ParkedUpdates.data(parked.entries(of: record)))
            #expect(JSONValue.object(data).serialized().count <= StateSave.dataBytesMax)
        }
        parked.remove(taken[0])
        let hasRoom = parked.add(.init(id: 5, order: 500, receivedAt: received, json: text))
        #expect(hasRoom)
        #expect(parked.entries.last?.id == 5)
    }
}
