import Contracts
import Glibc
import TelegramSimulator
import TestSupport
import Testing

/// The messages that are sent during faults, and the bound on their copies.
@Suite(.serialized, .withProcesses)
struct SendFaultTests {
    /// The reply to an entry's last answer waits; the replies to other people do not.
    @Test func `A stopped library: people who need it wait, and others are answered`() async throws {
        try await RivetUnderTest.run { rivet in
            let ada = await rivet.telegram.user(42)
            let entry = MachineEntry.plain("Pump")
            try await MachineEntry.begin(ada)
            try await entry.tell(ada, through: 4)
            try rivet.library.stop()
            let waiting = try await ada.send("none")
            for id in 100..<160 as Range<Int64> {
                _ = try await rivet.telegram.user(id).ask("/help", timeout: .seconds(5))
            }
            // The update is parked.
            try await rivet.telegram.waitUntilConfirmed(waiting)
            try rivet.library.start()
            try await entry.expectReply(ada, to: 5, timeout: .seconds(40))
            try await rivet.waitUntilAllDone()
            try rivet.expectRows(of: 42, [entry])
        }
    }

    /// The response is lost every time.
    @Test(arguments: [false, true])
    func `A send that takes effect and is answered 502: at most three copies ever`(_ isKilled: Bool) async throws {
        try await RivetUnderTest.run(["RIVET_REPEAT_AFTER_MS": "500"]) { rivet in
            let ada = await rivet.telegram.user(42)
            await rivet.telegram.fail("sendMessage", with: .badGatewayAfterProcessing)
            let update = try await ada.send("/help")
            try await rivet.telegram.waitUntilConfirmed(update)
            if isKilled {
                try rivet.gateway.kill()
                try rivet.gateway.start()
            }
            try await eventually("it is given up") {
                let counters = try rivet.gateway.client().result("service.health")["counters"]
                return counters?["replies.failed"] == 1
            }
            try await rivet.expectNothingOwed()
            let copies = await rivet.telegram.botMessageCount(in: 42)
            print("copies: \(copies)")
            #expect(isKilled ? (1...3).contains(copies) : copies == 3)
            // It is never sent again, and it does not delay the next message.
            await rivet.telegram.heal()
            try rivet.gateway.restart()
            try await MachineEntry.begin(ada)
            try await rivet.waitUntilAllDone()
            #expect(await rivet.telegram.botMessageCount(in: 42) == copies + 1)
        }
    }

    /// Each kill may cause one more copy of a message in progress. A reply that was about to be sent waits for minutes
    /// before it is sent again (5 s here). During that time its update, which may come again, causes no reply of its
    /// own.
    @Test(arguments: [
        "gateway.before-send", "gateway.after-send", "gateway.after-outbox", "gateway.after-outbox-send",
        "gateway.before-settle", "gateway.after-settle",
    ])
    func `A gateway killed in a burst: everyone is answered, with at most one more copy per kill`(
        _ point: String
    ) async throws {
        let deaths = 2
        try await RivetUnderTest.run(["RIVET_REPEAT_AFTER_MS": "5000"]) { rivet in
            let people = (1...100).map { Int64($0) }
            for id in people { await rivet.telegram.user(id) }
            try rivet.gateway.stop()
            for id in people { try await rivet.telegram.send("/help", from: id) }
            for _ in 1...deaths {
                let doomed = try rivet.gateway.launch(["RIVET_KILL_AT": "\(point):10"])
                #expect(doomed.wait() == 128 + SIGKILL)
            }
            try rivet.gateway.start()
            try await rivet.waitUntilAllDone(timeout: .seconds(30))
            try await rivet.expectNothingOwed()
            var copies: [Int] = []
            for id in people { copies.append(await rivet.telegram.botMessageCount(in: id)) }
            print("\(point): at most \(copies.max() ?? 0) copies, \(copies.reduce(0, +)) for \(people.count) people")
            #expect(copies.allSatisfy { (1...1 + deaths).contains($0) }, "\(copies)")
        }
    }
}
