import Contracts
import Foundation
import Glibc
import TelegramSimulator
import TestSupport
import Testing

/// The time at which an answer was sent (`message.date`) decides, whenever it is received.
@Suite(.serialized, .withProcesses)
struct AnsweredInTimeTests {
    /// The entry expires while the gateway is down, and may be swept.
    ///
    /// - Parameter told: the number of answers before that; the others are sent in time, while all services are down.
    @Test(arguments: [3, 5], [false, true])
    func `Answers sent before the expiry: accepted after it, even after a sweep`(
        _ told: Int, _ isSwept: Bool
    ) async throws {
        try await RivetUnderTest.run { rivet in
            let ada = await rivet.telegram.user(42)
            let entry = MachineEntry.plain("Pump")
            try await MachineEntry.begin(ada)
            try await entry.tell(ada, through: told - 1)
            try await rivet.waitUntilAllDone()
            for process in rivet.all { try process.stop() }
            if !isSwept { try expire(rivet, in: "+2 seconds") }
            for answer in entry.answers[told...] { try await ada.send(answer ?? "/skip") }
            try rivet.state.start()
            try rivet.library.start()
            if isSwept {
                let expired = try rivet.state.client().result("state.clear", conversation("42", ["reason": "expired"]))
                #expect(expired["cleared"] == true)
            }
            try await eventually("the entry expires") { try rivet.step(of: 42) == nil }
            try rivet.gateway.start()
            for step in told...5 { try await entry.expectReply(ada, to: step) }
            try await rivet.waitUntilAllDone()
            #expect(try rivet.step(of: 42) == nil)
            try rivet.expectRows(of: 42, [entry])
        }
    }

    @Test func `An answer sent after the expiry: begins nothing and changes nothing`() async throws {
        try await RivetUnderTest.run { rivet in
            let ada = await rivet.telegram.user(42)
            try await MachineEntry.begin(ada)
            try await MachineEntry.plain("Pump").tell(ada, through: 2)
            for process in rivet.all { try process.stop() }
            // Telegram's dates are whole seconds, so the expiry is more than one second earlier.
            try expire(rivet, in: "-2 seconds")
            try await ada.send("SN1")
            for process in rivet.all.reversed() { try process.start() }
            let told = try await ada.nextMessage(containing: "expired", timeout: .seconds(20))
            for answer in ["Pump", "Siemens", "3RQ2000"] { #expect(told.text.contains(answer)) }
            #expect(try rivet.step(of: 42) == nil)
            // The entry is not lost either.
            try await ada.tap("↩️ Take up Pump")
            _ = try await ada.nextMessage(containing: MachineEntry.questions[3], timeout: .seconds(20))
            try await MachineEntry.plain("Pump").tell(ada, from: 3)
            try await rivet.waitUntilAllDone()
            try rivet.expectRows(of: 42, [.plain("Pump")])
        }
    }

    /// The gateway is killed before and after each step of it.
    @Test(arguments: ["", "gateway.before-save", "gateway.after-save", "gateway.before-settle"])
    func `A canceled entry: restored whole`(_ point: String) async throws {
        try await RivetUnderTest.run { rivet in
            let ada = await rivet.telegram.user(42)
            let entry = MachineEntry.peculiar
            try await MachineEntry.begin(ada)
            try await entry.tell(ada, through: 3)
            try await ada.send("/cancel")
            _ = try await ada.nextMessage(containing: "Cancelled", timeout: .seconds(20))
            try await rivet.waitUntilAllDone()
            if !point.isEmpty {
                #expect(try rivet.gateway.stop() == 0)
                let doomed = try rivet.gateway.launch(["RIVET_KILL_AT": point])
                try await ada.tap("↩️ Undo")
                #expect(doomed.wait() == 128 + SIGKILL)
                try rivet.gateway.start()
            } else {
                try await ada.tap("↩️ Undo")
            }
            _ = try await ada.nextMessage(containing: MachineEntry.questions[4], timeout: .seconds(20))
            try await entry.tell(ada, from: 4)
            try await rivet.waitUntilAllDone()
            try rivet.expectRows(of: 42, [entry])
        }
    }

    /// Changes the time at which the conversation in the file of rivet-state, which is stopped, expires.
    private func expire(_ rivet: RivetUnderTest, in distance: String) throws {
        try Database(rivet.state.databasePath).rows(
            """
            UPDATE conversation_states SET expires_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '\(distance)'),
                expires_hour = unixepoch('now', '\(distance)') / 3600
            WHERE user_id = '42' AND conversation_type = 'add_machine'
            """)
    }
}
