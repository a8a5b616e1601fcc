import Contracts
import Foundation
import Glibc
import TelegramSimulator
import TestSupport
import Testing

/// Storage that is unavailable for longer than a person likes to wait.
@Suite(.serialized, .withProcesses)
struct StorageOutageTests {
    enum Outage: String, CaseIterable {
        /// The services run and cannot open their files.
        case refusing
        /// The services do not run.
        case away
    }

    private static let notice = "Your message is kept and will be answered"

    /// Puts a directory in the place of each database: root, as which these tests run, could open any file.
    private func close(_ rivet: RivetUnderTest, _ outage: Outage) throws {
        for service in [rivet.state, rivet.library] {
            try service.stop()
            guard outage == .refusing else { continue }
            try FileManager.default.moveItem(atPath: service.databasePath, toPath: service.databasePath + ".kept")
            try FileManager.default.createDirectory(atPath: service.databasePath, withIntermediateDirectories: false)
            try service.start()
        }
    }

    private func open(_ rivet: RivetUnderTest, _ outage: Outage) throws {
        for service in [rivet.state, rivet.library] {
            guard outage == .refusing else {
                try service.start()
                continue
            }
            try FileManager.default.removeItem(atPath: service.databasePath)
            try FileManager.default.moveItem(atPath: service.databasePath + ".kept", toPath: service.databasePath)
        }
    }

    private func notices(_ rivet: RivetUnderTest, in chat: Int64) async -> Int {
        await rivet.telegram.allBotMessages(in: chat).filter { $0.text.contains(Self.notice) }.count
    }

    @Test(arguments: Outage.allCases)
    func `A person who waits for storage: notified once that the message is kept, and answered once`(
        _ outage: Outage
    ) async throws {
        try await RivetUnderTest.run(["RIVET_LOG_LEVEL": "info"]) { rivet in
            let hall: Int64 = -1_001_000_000_001
            await rivet.telegram.group(hall, title: "Hall 3")
            await rivet.telegram.setPrivacyMode(false)
            let (ada, bob, eve) = (
                await rivet.telegram.user(42), await rivet.telegram.user(43), await rivet.telegram.user(66)
            )
            let entry = MachineEntry.plain("Pump")
            try await MachineEntry.begin(ada)
            try await rivet.waitUntilAllDone()
            try close(rivet, outage)
            let lines = rivet.all.map(\.lineCount)

            let began = ContinuousClock.now
            try await ada.send("Pump")
            try await bob.send("/addmachine")
            // A message to the group, not to the bot.
            try await eve.in(hall).send("hello")
            _ = try await ada.nextMessage(containing: Self.notice, timeout: .seconds(20))
            let waited = ContinuousClock.now - began
            #expect(waited >= .seconds(5))
            print("told after \(waited)")
            _ = try await bob.nextMessage(containing: Self.notice, timeout: .seconds(20))
            // In the same lane, and in another lane of the same person.
            try await ada.send("Siemens")
            try await ada.in(hall).send("/addmachine@rivet_bot")
            try await eventually("the gateway says what is the matter") {
                let health = try rivet.gateway.client().result("service.health")
                return health["status"] == "degraded"
                    && health["detail"]?.stringValue?.contains("rivet-state does not do what it is asked") == true
                    && (health["counters"]?["updates.oldest_waiting_age_s"]?.integerValue ?? 0) >= 12
            }
            #expect(await notices(rivet, in: 42) == 1)
            #expect(await notices(rivet, in: 43) == 1)
            #expect(await rivet.telegram.botMessageCount(in: hall) == 0)
            for (process, before) in zip(rivet.all, lines) {
                #expect(process.lineCount - before <= 10, "\(process.binary.rawValue): \(process.log)")
            }

            try open(rivet, outage)
            try await entry.expectReply(ada, to: 0, timeout: .seconds(60))
            try await entry.expectReply(ada, to: 1, timeout: .seconds(60))
            try await entry.tell(ada, from: 2)
            try await rivet.waitUntilAllDone(timeout: .seconds(60))
            #expect(await rivet.questionsAsked(in: 42) == MachineEntry.steps)
            // The entry's six replies and the last one; a disk that is slow for 5 s causes another notice.
            #expect(await rivet.telegram.botMessageCount(in: 42) - notices(rivet, in: 42) == 7)
            #expect(await rivet.telegram.botMessageCount(in: 43) - notices(rivet, in: 43) == 1)
            #expect(await rivet.telegram.botMessageCount(in: hall) - notices(rivet, in: hall) == 1)
            try await eventually("all is well", within: .seconds(60)) {
                try rivet.gateway.client().result("service.health")["status"] == "ok"
            }
            try rivet.expectRows(of: 42, [entry])
        }
    }

    @Test func `A person who is not allowed: not notified that anything is kept`() async throws {
        try await RivetUnderTest.run(["RIVET_ALLOWED_USERS": "42"]) { rivet in
            let (ada, eve) = (await rivet.telegram.user(42), await rivet.telegram.user(66))
            try await MachineEntry.begin(ada)
            try close(rivet, .away)
            try await eve.send("/addmachine")
            try await ada.send("Pump")
            _ = try await ada.nextMessage(containing: Self.notice, timeout: .seconds(20))
            #expect(await notices(rivet, in: 66) == 0)
        }
    }
}
