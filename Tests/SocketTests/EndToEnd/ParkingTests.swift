import Contracts
import Glibc
import TelegramSimulator
import TestSupport
import Testing

/// Updates that wait are kept by rivet-state: other people are answered, and each update is handled once.
@Suite(.serialized, .withProcesses)
struct ParkingTests {
    /// More than the hundred updates that Telegram shows at a time.
    private static let others = 150

    /// Gives all answers; the last one needs rivet-library, which is stopped before it is sent.
    private func waitForLibrary(_ rivet: RivetUnderTest, _ person: Person, _ entry: MachineEntry) async throws {
        try await MachineEntry.begin(person)
        try await entry.tell(person, through: 4)
        try await rivet.waitUntilAllDone()
        try rivet.library.stop()
        try await person.send(entry.answers[5] ?? "/skip")
    }

    private func parkedCount(_ rivet: RivetUnderTest) throws -> Int64? {
        try rivet.gateway.client().result("service.health")["counters"]?["updates.parked"]?.integerValue
    }

    @Test func `One person waits for a service: all others are answered, and that person when it is back`()
        async throws
    {
        try await RivetUnderTest.run { rivet in
            let ada = await rivet.telegram.user(42)
            let entry = MachineEntry.plain("Pump")
            try await waitForLibrary(rivet, ada, entry)
            for id in 0..<Self.others {
                let other = await rivet.telegram.user(1_000 + Int64(id))
                try await other.send("/help")
            }
            for id in 0..<Self.others {
                let other = await rivet.telegram.user(1_000 + Int64(id))
                _ = try await other.nextMessage(containing: "/addmachine", timeout: .seconds(20))
            }
            // Also the waiting update is confirmed: Telegram does not show it any more.
            try await rivet.telegram.waitUntilAllConfirmed(timeout: .seconds(20))
            try await eventually("only hers waits") { try parkedCount(rivet) == 1 }
            try rivet.kill([rivet.gateway, rivet.state])
            try rivet.state.start()
            try rivet.gateway.start()
            // A later message of the same person waits behind it.
            try await ada.send("/library")
            try await eventually("both wait") { try parkedCount(rivet) == 2 }
            try rivet.library.start()
            _ = try await ada.nextMessage(containing: "Saved to Library", timeout: .seconds(20))
            _ = try await ada.nextMessage(containing: "1 item", timeout: .seconds(20))
            try await eventually("nothing is parked") { try rivet.isNothingParked() }
            try rivet.kill([rivet.gateway])
            try rivet.gateway.start()
            try await ada.send("/library")
            _ = try await ada.nextMessage(containing: "1 item", timeout: .seconds(20))
            let saved = await rivet.telegram.allBotMessages(in: 42).filter { $0.text.contains("Saved to Library") }
            #expect(saved.count == 1)
            try rivet.expectRows(of: 42, [entry])
        }
    }

    @Test func `A waiting person sends more than Telegram shows: others are answered, and all is handled`()
        async throws
    {
        try await RivetUnderTest.run { rivet in
            let (ada, bob) = (await rivet.telegram.user(42), await rivet.telegram.user(43))
            let entry = MachineEntry.plain("Pump")
            try await waitForLibrary(rivet, ada, entry)
            for _ in 0..<Self.others { try await ada.send("/library") }
            let began = ContinuousClock.now
            try await bob.send("/help")
            _ = try await bob.nextMessage(containing: "/addmachine", timeout: .seconds(20))
            #expect(ContinuousClock.now - began < .seconds(5))
            try await rivet.telegram.waitUntilAllConfirmed(timeout: .seconds(20))
            try await eventually("only hers wait") { try parkedCount(rivet) == Int64(Self.others) + 1 }
            try rivet.gateway.stop()
            try rivet.gateway.start()
            try rivet.library.start()
            _ = try await ada.nextMessage(containing: "Saved to Library", timeout: .seconds(20))
            // One reply for all of them: of waiting replies that are alike, only the last is sent.
            _ = try await ada.nextMessage(containing: "1 item", timeout: .seconds(20))
            try await eventually("nothing is parked") { try rivet.isNothingParked() }
            try rivet.expectRows(of: 42, [entry])
        }
    }

    /// Between parking, confirming, handling and removing it from the store.
    @Test(arguments: ["gateway.after-park", "gateway.before-settle", "gateway.after-settle", "gateway.after-add"])
    func `The gateway killed while an update is parked: the update is handled once`(_ point: String) async throws {
        try await RivetUnderTest.run { rivet in
            let ada = await rivet.telegram.user(42)
            let entry = MachineEntry.plain("Pump")
            if point == "gateway.after-park" {
                try await MachineEntry.begin(ada)
                try await entry.tell(ada, through: 4)
                try await rivet.waitUntilAllDone()
                try rivet.library.stop()
                try rivet.gateway.stop()
                try rivet.gateway.start(["RIVET_KILL_AT": point])
                try await ada.send(entry.answers[5] ?? "/skip")
            } else {
                try await waitForLibrary(rivet, ada, entry)
                try await rivet.telegram.waitUntilAllConfirmed(timeout: .seconds(20))
                try rivet.kill([rivet.gateway])
                try rivet.gateway.start(["RIVET_KILL_AT": point])
                try rivet.library.start()
            }
            #expect(try rivet.gateway.process.wait() == 128 + SIGKILL)
            try rivet.gateway.start()
            if point == "gateway.after-park" { try rivet.library.start() }
            _ = try await ada.nextMessage(containing: "Saved to Library", timeout: .seconds(20))
            try await rivet.telegram.waitUntilAllConfirmed(timeout: .seconds(20))
            try await eventually("nothing is parked") { try rivet.isNothingParked() }
            let saved = await rivet.telegram.allBotMessages(in: 42).filter { $0.text.contains("Saved to Library") }
            #expect(saved.count <= 2)
            try rivet.expectRows(of: 42, [entry])
        }
    }

    /// An update may be confirmed to Telegram only after a durable tier has it.
    @Test func `rivet-state stopped: waiting updates stay with Telegram`() async throws {
        try await RivetUnderTest.run { rivet in
            let ada = await rivet.telegram.user(42)
            let entry = MachineEntry.plain("Pump")
            try await MachineEntry.begin(ada)
            try await entry.tell(ada, through: 4)
            try await rivet.waitUntilAllDone()
            try rivet.library.stop()
            try rivet.state.stop()
            let update = try await ada.send(entry.answers[5] ?? "/skip")
            try await eventually("it has waited longer than it takes to park it") {
                let health = try rivet.gateway.client().result("service.health")
                return (health["counters"]?["updates.oldest_waiting_age_s"]?.integerValue ?? 0) >= 1
            }
            #expect(await !rivet.telegram.isConfirmed(update))
            #expect(try parkedCount(rivet) == 0)
            try rivet.state.start()
            try await rivet.telegram.waitUntilConfirmed(update, timeout: .seconds(20))
            try rivet.library.start()
            _ = try await ada.nextMessage(containing: "Saved to Library", timeout: .seconds(20))
            try rivet.expectRows(of: 42, [entry])
        }
    }
}
