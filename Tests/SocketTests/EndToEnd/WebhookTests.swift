import Contracts
import Glibc
import TelegramSimulator
import TestSupport
import Testing

/// The bot with a webhook in place of polling.
@Suite(.serialized, .withProcesses)
struct WebhookTests {
    private func counter(_ name: String, _ rivet: RivetUnderTest) throws -> Int64 {
        try rivet.gateway.client().result("service.health")["counters"]?[name]?.integerValue ?? 0
    }

    private func detail(_ rivet: RivetUnderTest) throws -> String {
        try rivet.gateway.client().result("service.health")["detail"]?.stringValue ?? ""
    }

    @Test func `A conversation with a photo by webhook: as by polling, and the webhook is set once`() async throws {
        try await RivetUnderTest.run(webhook: try WebhookUnderTest()) { rivet in
            let ada = await rivet.telegram.user(42)
            let entry = MachineEntry.peculiar
            try await ada.sendPhoto(fileID: "plate")
            let offer = try await ada.nextMessage(containing: "equipment", timeout: .seconds(20))
            try await ada.tap("save_to_library", on: offer.messageID)
            _ = try await ada.nextMessage(containing: MachineEntry.questions[0])
            try await entry.tell(ada, through: 3)
            try await rivet.waitUntilAllDone()
            try rivet.gateway.restart()
            try await entry.tell(ada, from: 4)
            try await rivet.waitUntilAllDone()
            #expect(await rivet.questionsAsked(in: 42) == MachineEntry.steps)
            #expect(await rivet.telegram.webhookURL == WebhookUnderTest.url)
            #expect(await rivet.telegram.requests("setWebhook") == 1)
            #expect(await rivet.telegram.requests("getUpdates") == 0)
            #expect(await rivet.telegram.droppedPending == 0)
            #expect(
                await rivet.telegram.allowedUpdates == [
                    "message", "edited_message", "callback_query", "my_chat_member",
                ])
            let health = try rivet.gateway.client().result("service.health")
            #expect(health["status"] == "ok", "\(health)")
            for process in rivet.all { try process.stop() }
            #expect(fileMode(WebhookUnderTest.socketPath(in: rivet.gateway.directory)) == nil)
            let rows = try rivet.rows(of: 42)
            #expect(rows.count == 1 && rows.first.map { Array($0.dropLast()) } == entry.answers)
            #expect(rows.first?.last??.contains("plate") == true)
        }
    }

    @Test func `The gateway killed many times while people write: no update is lost or handled twice`()
        async throws
    {
        let (people, deaths) = ((1...6).map { Int64($0) }, 12)
        try await RivetUnderTest.run(
            ["RIVET_REPEAT_AFTER_MS": "300", "RIVET_SEND_LIMITS": "none"], webhook: try WebhookUnderTest()
        ) { rivet in
            let died = try await withThrowingTaskGroup(of: Int.self) { group in
                group.addTask {
                    var died = 0
                    while died < deaths, !Task.isCancelled {
                        let before = await rivet.telegram.takenWebhookDeliveries
                        do {
                            try await eventually("more is taken", within: .seconds(60)) {
                                await rivet.telegram.takenWebhookDeliveries >= before + 3
                            }
                        } catch is CancellationError { break }
                        try rivet.kill([rivet.gateway])
                        try rivet.gateway.start()
                        died += 1
                    }
                    return died
                }
                try await withThrowingTaskGroup(of: Void.self) { persons in
                    for id in people {
                        persons.addTask {
                            let person = await rivet.telegram.user(id)
                            try await MachineEntry.begin(person)
                            try await MachineEntry.plain("Pump \(id)").tell(person, timeout: .seconds(60))
                        }
                    }
                    try await persons.waitForAll()
                }
                group.cancelAll()
                return try await group.next() ?? 0
            }
            try await rivet.waitUntilAllDone()
            print("the gateway died \(died) times; not taken: \(await rivet.telegram.failedWebhookDeliveries)")
            #expect(died > 3)
            for id in people { #expect(await rivet.questionsAsked(in: id) == MachineEntry.steps) }
            for process in rivet.all { try process.stop() }
            for id in people { #expect(try rivet.rows(of: id) == [MachineEntry.plain("Pump \(id)").row]) }
        }
    }

    /// As with polling: a whole conversation while the gateway is killed between two durable steps.
    @Test(arguments: CrashTests.gatewayPoints)
    func `The gateway killed between two durable steps: the conversation is completed`(_ point: String) async throws {
        try await RivetUnderTest.run(
            ["RIVET_REPEAT_AFTER_MS": "300"], gateway: ["RIVET_KILL_AT": point], webhook: try WebhookUnderTest()
        ) { rivet in
            try await CrashTests().converse(rivet, [rivet.gateway], point)
        }
    }

    @Test func `A long absence: people with an open entry are asked again, once`() async throws {
        let absence = AbsenceTests()
        try await RivetUnderTest.run(webhook: try WebhookUnderTest()) { rivet in
            let ada = await rivet.telegram.user(42)
            try await MachineEntry.begin(ada)
            try await rivet.waitUntilAllDone()
            try absence.stop(rivet, awayFor: .seconds(200))
            try rivet.gateway.start()
            let asked = try await ada.nextMessage(containing: AbsenceTests.welcome, timeout: .seconds(20))
            #expect(asked.text.contains(MachineEntry.questions[0]))
            try await MachineEntry.plain("Pump").tell(ada, through: 0)
            try rivet.gateway.restart()
            try await MachineEntry.plain("Pump").tell(ada, from: 1, through: 1)
            #expect(await absence.welcomes(rivet, in: 42) == 1)
        }
    }

    @Test func `A person who waits for a service: parked and confirmed, and others are answered`()
        async throws
    {
        try await RivetUnderTest.run(webhook: try WebhookUnderTest()) { rivet in
            let (ada, bob) = (await rivet.telegram.user(42), await rivet.telegram.user(43))
            let entry = MachineEntry.plain("Pump")
            try await MachineEntry.begin(ada)
            try await entry.tell(ada, through: 4)
            try await rivet.waitUntilAllDone()
            try rivet.library.stop()
            let update = try await ada.send(entry.answers[5] ?? "/skip")
            try await rivet.telegram.waitUntilConfirmed(update, timeout: .seconds(20))
            #expect(try counter("updates.parked", rivet) == 1)
            _ = try await bob.ask("/help")
            #expect(await rivet.telegram.failedWebhookDeliveries == [:])
            try rivet.kill([rivet.gateway])
            try rivet.gateway.start()
            // Telegram may have missed the response: the gateway knows the update and does not handle it twice.
            try await rivet.telegram.redeliver(update)
            try rivet.library.start()
            _ = try await ada.nextMessage(containing: "Saved to Library", timeout: .seconds(20))
            try await rivet.waitUntilAllDone()
            let saved = await rivet.telegram.allBotMessages(in: 42).filter { $0.text.contains("Saved to Library") }
            #expect(saved.count == 1)
            try rivet.expectRows(of: 42, [entry])
        }
    }

    /// An update whose effect only memory could keep is not accepted from Telegram.
    @Test func `An update that cannot be parked: answered with 503 in time, and handled once later`() async throws {
        try await RivetUnderTest.run(
            gateway: ["RIVET_WEBHOOK_ANSWER_MS": "300"], webhook: try WebhookUnderTest()
        ) { rivet in
            let ada = await rivet.telegram.user(42)
            try await MachineEntry.begin(ada)
            try await rivet.waitUntilAllDone()
            try rivet.state.stop()
            let update = try await ada.send("Pump")
            let answer = "Wrong response from the webhook: 503 Service Unavailable"
            try await eventually("it was sent three times") {
                await rivet.telegram.failedWebhookDeliveries[answer, default: 0] >= 3
            }
            #expect(await !rivet.telegram.isConfirmed(update))
            #expect(try counter("updates.received", rivet) == 2 && counter("webhook.deferred", rivet) >= 3)
            try rivet.state.start()
            try await rivet.telegram.waitUntilConfirmed(update, timeout: .seconds(20))
            try await MachineEntry.plain("Pump").expectReply(ada, to: 0)
            try await rivet.waitUntilAllDone()
            #expect(try rivet.step(of: 42) == "manufacturer")
            let replies = await rivet.telegram.allBotMessages(in: 42).filter {
                $0.text.contains(MachineEntry.questions[1])
            }
            #expect(replies.count == 1)
        }
    }

    @Test func `A request that is not Telegram's: refused with the matching status, and nothing is done`()
        async throws
    {
        let webhook = try WebhookUnderTest()
        try await RivetUnderTest.run(webhook: webhook) { rivet in
            try await rivet.telegram.waitForWebhook(WebhookUnderTest.url)
            let secret = ["--header", "X-Telegram-Bot-Api-Secret-Token: \(WebhookUnderTest.secret)"]
            let update =
                #"{"update_id":1,"message":{"message_id":1,"date":1,"chat":{"id":42,"type":"private"},"#
                + #""from":{"id":42,"is_bot":false,"first_name":"x"},"text":"/help"}}"#
            #expect(try webhook.status("--data", update) == "401")
            #expect(try webhook.status("--data", update, "--header", secret[1] + "x") == "401")
            #expect(try webhook.status("--data", update, secret[0], secret[1], path: "/rivet/") == "404")
            #expect(try webhook.status("--data", update, secret[0], secret[1], path: "/") == "404")
            #expect(try webhook.status(secret[0], secret[1]) == "405")
            #expect(try webhook.status("--request", "PUT", "--data", update, secret[0], secret[1]) == "405")
            try webhook.directory.write(String(repeating: " ", count: 600_000), to: "large")
            let large = "@\(webhook.directory.path)/large"
            let expectNone = ["--header", "Expect:"]
            #expect(
                try webhook.status("--data-binary", large, secret[0], secret[1], expectNone[0], expectNone[1]) == "413")
            let chunked = "Transfer-Encoding: chunked"
            #expect(
                try webhook.status(
                    "--data-binary", large, secret[0], secret[1], expectNone[0], expectNone[1], "--header", chunked)
                    == "413")
            #expect(try counter("updates.received", rivet) == 0 && counter("webhook.refused", rivet) == 8)
            // Bodies that Telegram would otherwise send again for a day.
            #expect(try webhook.status("--data", "{}", secret[0], secret[1]) == "200")
            #expect(try webhook.status("--data", #"{"update_id":7,"message":{"x":1}}"#, secret[0], secret[1]) == "200")
            #expect(try counter("updates.unreadable", rivet) == 2)
            #expect(await rivet.telegram.allMessageCount == 0)
            #expect(fileMode(WebhookUnderTest.socketPath(in: webhook.directory)) == 0o660)
            let log = rivet.gateway.log
            #expect(log.contains("kind=message") && log.contains("bytes=33") && !log.contains(WebhookUnderTest.secret))
            let ada = await rivet.telegram.user(42)
            #expect(try await ada.ask("/help").text.contains("/addmachine"))
        }
    }

    @Test func `A changed secret: set at Telegram when an update comes with the old one`() async throws {
        try await RivetUnderTest.run(webhook: try WebhookUnderTest()) { rivet in
            let ada = await rivet.telegram.user(42)
            _ = try await ada.ask("/help")
            try await rivet.waitUntilAllDone()
            try rivet.gateway.restart(["RIVET_WEBHOOK_SECRET": "another"])
            try await ada.send("/help")
            _ = try await ada.nextMessage(timeout: .seconds(20))
            #expect(await rivet.telegram.requests("setWebhook") == 2)
            let refused = "Wrong response from the webhook: 401 Unauthorized"
            #expect(await rivet.telegram.failedWebhookDeliveries[refused, default: 0] > 0)
        }
    }

    @Test func `Another program's webhook while polling: shown, and not deleted until an operator does so`()
        async throws
    {
        let foreign = "https://other.example:8443/bot7000000001:AAtoken"
        try await RivetUnderTest.run { rivet in
            try await rivet.telegram.waitForPoll()
            try await rivet.telegram.setWebhook(foreign)
            let ada = await rivet.telegram.user(42)
            try await ada.send("/help")
            try await eventually("the health tells of the webhook") {
                try detail(rivet).contains("a webhook is set at https://other.example:8443/…")
            }
            let settings = [
                "TELEGRAM_API_URL": await rivet.telegram.baseURL, "TELEGRAM_BOT_TOKEN": rivet.telegram.token,
                "RIVET_STATE_DIR": rivet.gateway.stateDirectory,
                "RIVET_RUNTIME_DIR": rivet.gateway.directory.path + "/run",
            ]
            func control(_ arguments: String..., more: [String: String] = [:]) throws -> RivetctlRun {
                let run = try RivetctlRun(arguments, settings.merging(more) { $1 }, in: rivet.gateway.directory)
                #expect(!run.text.contains("AAtoken"), "\(run.text)")
                return run
            }
            let doctor = try control("doctor", "--json")
            #expect(doctor.text.contains("one is set at https://other.example:8443/…"), "\(doctor.text)")
            let shown = try control("webhook", "show")
            #expect(
                shown.exitCode == 0 && shown.text.contains("https://other.example:8443/… (not the one in"),
                "\(shown.text)")
            let json = try control("webhook", "show", "--json").json
            #expect(json["webhook"] == "https://other.example:8443/…" && json["ours"] == false && json["pending"] == 1)
            let ours = [
                "RIVET_WEBHOOK_URL": WebhookUnderTest.url, "RIVET_WEBHOOK_SECRET": WebhookUnderTest.secret,
            ]
            // With either of these settings rivet-gateway does not start.
            let bare = try control("doctor", "--json", more: ["RIVET_WEBHOOK_URL": WebhookUnderTest.url])
            #expect(bare.exitCode == 78 && bare.text.contains("there is no secret"), "\(bare.text)")
            let wrong = try control("doctor", "--json", more: ["RIVET_WEBHOOK_SECRET": "two words"])
            #expect(wrong.text.contains("RIVET_WEBHOOK_SECRET") && !wrong.text.contains("two words"), "\(wrong.text)")
            #expect(wrong.exitCode == 78)
            let kept = try control("webhook", "delete", more: ours)
            #expect(kept.exitCode == 1 && kept.text.contains("RIVET_WEBHOOK_URL is set"), "\(kept.text)")
            #expect(await rivet.telegram.webhookURL == foreign)
            #expect(await rivet.telegram.requests("deleteWebhook") == 0)
            let deleted = try control("webhook", "delete")
            #expect(deleted.exitCode == 0 && deleted.text.contains("https://other.example:8443/… is deleted"))
            #expect(await rivet.telegram.webhookURL == nil)
            #expect(await rivet.telegram.droppedPending == 0)
            #expect(try control("webhook", "delete").text == "no webhook is set")
            // The reply to the update that had waited.
            _ = try await ada.nextMessage(containing: "/addmachine", timeout: .seconds(60))
            try await eventually("the health is well again") {
                try rivet.gateway.client().result("service.health")["status"] == "ok"
            }
            #expect(!rivet.gateway.log.contains("AAtoken"))
        }
    }

    @Test(arguments: [
        ("RIVET_WEBHOOK_LISTEN", "0.0.0.0:8080"), ("RIVET_WEBHOOK_URL", "http://bot.example.org/rivet"),
        ("RIVET_WEBHOOK_SECRET", ""),
    ])
    func `A setting that would let others in: the start ends with 78 and names it`(
        _ name: String, _ value: String
    ) throws {
        let environment = [
            "TELEGRAM_BOT_TOKEN": "1:a", "RIVET_WEBHOOK_URL": WebhookUnderTest.url,
            "RIVET_WEBHOOK_SECRET": WebhookUnderTest.secret,
        ].merging([name: value]) { $1 }
        let gateway = try made(.gateway, environment)
        #expect(try gateway.launch().wait() == 78)
        #expect(gateway.log.contains(name))
    }
}
