import Contracts
import Foundation
import Glibc
import TelegramSimulator
import TestSupport
import Testing

/// The webhook behind the real nginx, with the configuration that Rivet documents.
@Suite(.serialized, .withProcesses)
struct WebhookProxyTests {
    /// Each person sends eight messages. `RIVET_WEBHOOK_PEOPLE` sets more people: 1,250 for 10,000 updates.
    private static let people =
        ProcessInfo.processInfo.environment["RIVET_WEBHOOK_PEOPLE"].flatMap { Int64($0) } ?? 150
    private static let updatesOfPerson = 8

    private func entry(of id: Int64) -> MachineEntry {
        MachineEntry(answers: ["Pump \(id)", "Maker \(id)", "Model \(id)", "SN \(id)", "Hall \(id)", "Note \(id)"])
    }

    /// People do not wait for replies; still the messages of one person must take effect in order.
    @Test func `Many updates through nginx while the gateway is killed: none is lost or handled twice`() async throws {
        var webhook = try WebhookUnderTest()
        let nginx = try NginxProxy(
            path: "/rivet", receiver: WebhookUnderTest.socketPath(in: webhook.directory), in: webhook.directory)
        webhook.route = .unixSocket(nginx.socketPath)
        let count = Int(Self.people) * Self.updatesOfPerson
        try await RivetUnderTest.run(["RIVET_SEND_LIMITS": "none"], webhook: webhook) { rivet in
            try await rivet.telegram.waitForWebhook(WebhookUnderTest.url)
            let began = ContinuousClock.now
            let deaths = try await withThrowingTaskGroup(of: Int.self) { group in
                group.addTask {
                    var deaths = 0
                    // Ten kills, each after another part of the updates was accepted.
                    for part in 1...10 {
                        try await eventually("part \(part) is taken", within: .seconds(300)) {
                            await rivet.telegram.takenWebhookDeliveries >= count * part / 12
                        }
                        try rivet.kill([rivet.gateway])
                        try rivet.gateway.start()
                        deaths += 1
                    }
                    return deaths
                }
                for id in 1...Self.people {
                    let person = await rivet.telegram.user(id)
                    try await person.send("/addmachine")
                    for answer in entry(of: id).answers { try await person.send(answer ?? "/skip") }
                    try await person.send("/help")
                }
                let deaths = try await group.next() ?? 0
                try await rivet.waitUntilAllDone(timeout: .seconds(300))
                return deaths
            }
            let failures = await rivet.telegram.failedWebhookDeliveries
            print(
                "\(count) updates through nginx took \(ContinuousClock.now - began); the gateway died \(deaths) times; "
                    + "not taken: \(failures)")
            #expect(deaths == 10 && !failures.isEmpty)
            #expect(await rivet.telegram.takenWebhookDeliveries == count)
            for process in rivet.all { try process.stop() }
            let rows = try Database(rivet.library.databasePath).rows(
                """
                SELECT user_id, nickname, manufacturer, model_number, serial_number, location, notes
                FROM user_machines ORDER BY CAST(user_id AS INTEGER)
                """)
            #expect(rows == (1...Self.people).map { ["\($0)"] + entry(of: $0).answers })
            let open = try Database(rivet.state.databasePath).rows(
                "SELECT user_id FROM conversation_states WHERE closed = 0 AND conversation_type = 'add_machine'")
            #expect(open == [])
        }
        withExtendedLifetime(nginx) {}
    }
}
