import Contracts
import Foundation
import Glibc
import TelegramSimulator
import TestSupport
import Testing

/// The three services as real processes, and a simulated Bot API server in the process of the test.
struct RivetUnderTest {
    let telegram: TelegramSimulator
    let state: RivetProcess
    let library: RivetProcess
    let gateway: RivetProcess

    /// Runs the services during `body`, with Telegram's limits on both sides unless `environment` says otherwise.
    ///
    /// - Parameters:
    ///   - environment: of all three services.
    ///   - gateway: more variables, for the first start of the gateway only.
    ///   - webhook: the route of the updates if they are not polled.
    static func run(
        _ environment: [String: String] = [:], gateway gatewayOnly: [String: String] = [:],
        in directory: TestDirectory? = nil, webhook: WebhookUnderTest? = nil,
        _ body: (RivetUnderTest) async throws -> Void
    ) async throws {
        let telegram = TelegramSimulator()
        if environment["RIVET_SEND_LIMITS"] != "none" { await telegram.limitRates(SimulatedRateLimits()) }
        if let webhook { await telegram.deliverWebhook(over: webhook.route, retryBase: .milliseconds(100)) }
        let url = try await telegram.start()
        let directory = try webhook?.directory ?? directory ?? TestDirectory()
        let common = [
            "TELEGRAM_API_URL": url, "TELEGRAM_BOT_TOKEN": telegram.token,
        ].merging(webhook?.environment ?? [:]) { _, own in own }.merging(environment) { _, own in own }
        let rivet = RivetUnderTest(
            telegram: telegram, state: try made(.state, common, in: directory),
            library: try made(.library, common, in: directory), gateway: try made(.gateway, common, in: directory))
        do {
            try rivet.state.start()
            try rivet.library.start()
            try rivet.gateway.start(gatewayOnly)
            try await body(rivet)
        } catch {
            // Recorded here, while the logs still exist.
            Issue.record(error)
        }
        for process in rivet.all { try? process.kill() }
        await telegram.stop()
    }

    var all: [RivetProcess] { [gateway, state, library] }

    /// The rows of a person in the library's file; the service must be stopped.
    func rows(of user: Int64) throws -> [[String?]] {
        try Database(library.databasePath).rows(
            """
            SELECT nickname, manufacturer, model_number, serial_number, location, notes, photo_file_id
            FROM user_machines WHERE user_id = '\(user)' ORDER BY id
            """)
    }

    func machineCount(of user: Int64) throws -> Int64? {
        try library.client().result("library.list", ["user_id": .string("\(user)")])["total"]?.integerValue
    }

    /// The step that a private chat awaits; nil without an entry.
    func step(of user: Int64, in chat: Int64? = nil) throws -> String? {
        var key = conversation("\(user)")
        if let chat { key["chat_id"] = .string("\(chat)") }
        return try state.client().result("state.load", key)["state"]?["step"]?.stringValue
    }

    /// Stops all three services, and checks that the library has `entries` of `user` and nothing else.
    func expectRows(of user: Int64, _ entries: [MachineEntry], sourceLocation: SourceLocation = #_sourceLocation) throws
    {
        for process in all {
            #expect(try process.stop() == 0, "\(process.binary.rawValue)", sourceLocation: sourceLocation)
        }
        #expect(try rows(of: user) == entries.map(\.row), sourceLocation: sourceLocation)
    }

    /// Sends SIGKILL to all at once, and waits until they have ended.
    func kill(_ processes: [RivetProcess]) throws {
        for process in processes { try process.process.signal(SIGKILL) }
        for process in processes { try process.process.wait() }
    }
}

/// What a person says about one machine, and how the bot must reply.
struct MachineEntry {
    /// In the order of the steps; nil skips the step.
    var answers: [String?]
    var photo: String?

    static let steps = ["nickname", "manufacturer", "model", "serial", "location", "notes"]
    /// A phrase of each question, by which tests recognize it.
    static let questions = [
        "Enter a nickname", "Enter the manufacturer", "Enter the model number", "Enter the serial number",
        "Enter the location", "Any notes?",
    ]

    var row: [String?] { answers + [photo] }

    /// Values with characters that may be lost, escaped or cut on the way.
    static let peculiar = MachineEntry(answers: [
        "مضخة 👩‍🔧 <b>1</b>", "<b>Siemens</b> & Söhne</i>", "_*[3RQ2000-2AW00](x)~`", #"SN"'\0815;--&lt;"#,
        "קומה 3, Halle 🏭",
        String(repeating: "😀é", count: 1_000),
    ])

    static func plain(_ name: String) -> MachineEntry {
        MachineEntry(answers: [name, "Siemens", "3RQ2000", "SN1", "Hall 3", "none"])
    }

    /// Whether the message is the reply to the answer of `step`: it shows a confirmation and the next question.
    func isReply(_ message: BotMessage, to step: Int) -> Bool {
        guard step < 5 else { return message.text.contains("Saved to Library") }
        let value = answers[step].map { message.text.contains("✅") && message.text.contains($0) }
        return value ?? true && message.text.contains(Self.questions[step + 1])
    }

    /// Gives the answers from `first` on, each after the reply to the one before.
    func tell(
        _ person: Person, from first: Int = 0, through last: Int = 5, timeout: Duration = .seconds(20),
        before: (Int) async throws -> Void = { _ in }, after: (Int) async throws -> Void = { _ in }
    ) async throws {
        for step in first...last {
            try await before(step)
            try await person.send(answers[step] ?? "/skip")
            try await expectReply(person, to: step, timeout: timeout)
            try await after(step)
        }
    }

    /// Skips repeated replies, also the last one of an entry before: where a kill left its outcome unknown, it comes
    /// once more behind later ones. Skips also the notices that a message is kept (after a disk was slow for 5 s) or
    /// that an entry continues.
    func expectReply(_ person: Person, to step: Int, timeout: Duration = .seconds(20)) async throws {
        while true {
            let message = try await person.nextMessage(timeout: timeout)
            if isReply(message, to: step) { return }
            let isOfEntryBefore =
                message.text.contains("Saved to Library") && !message.text.contains(answers[0] ?? "")
            let isOld =
                isOfEntryBefore || message.text.contains(Self.questions[0])
                || (0..<step).contains { isReply(message, to: $0) }
            let news = ["Your message is kept", "Your entry goes on", "You have an in-progress entry"]
            let isNews = news.contains { message.text.contains($0) }
            if !isOld, !isNews {
                throw NotInTime(description: "to the \(Self.steps[step]) the bot said: \(message.text.prefix(300))")
            }
        }
    }

    /// Sends `/addmachine` and waits for the first question.
    static func begin(_ person: Person) async throws {
        try await person.send("/addmachine")
        _ = try await person.nextMessage(containing: questions[0], timeout: .seconds(20))
    }
}

extension RivetUnderTest {
    /// The questions asked in a chat, in order; the same question twice in a row counts once.
    func questionsAsked(in chat: Int64) async -> [String] {
        var asked: [String] = []
        for message in await telegram.allBotMessages(in: chat) {
            for (step, question) in zip(MachineEntry.steps, MachineEntry.questions)
            where message.text.contains(question) {
                if asked.last != step { asked.append(step) }
            }
        }
        return asked
    }

    /// Waits until the bot has sent `count` messages. Checks that this took at most 1.25 times the shortest time that
    /// Telegram's limits allow, and that no reply is queued. The excess is for other work: lanes, writes, the network.
    func expectSaid(
        _ count: Int, by shortest: Duration, since began: ContinuousClock.Instant
    ) async throws {
        try await telegram.waitForBotMessages(count, timeout: shortest * 3)
        let took = ContinuousClock.now - began
        print(
            "\(count) messages took \(took); the shortest time is \(shortest); refused: \(await telegram.rateLimitedCount)"
        )
        #expect(took <= shortest * 1.25)
        try await waitUntilAllDone()
        try await expectNothingOwed()
        #expect(await telegram.allMessageCount == count)
    }

    /// Waits until Telegram shows no more updates and none is parked: then every message has had its effect, and its
    /// reply is sent or stored.
    func waitUntilAllDone(timeout: Duration = .seconds(20)) async throws {
        try await telegram.waitUntilAllConfirmed(timeout: timeout)
        // The call is repeated while a kill of rivet-state is in progress.
        try await eventually("no update is parked any more", within: timeout) { (try? isNothingParked()) == true }
    }

    /// Asks the store: the gateway's own count is ahead of it.
    func isNothingParked() throws -> Bool {
        try state.client().result("state.list", ["conversation_type": "parked"])["conversations"] == []
    }

    /// Waits until no reply is queued, neither by this gateway nor, for lanes that it has not read yet, by the one
    /// before.
    func expectNothingOwed() async throws {
        let outbox: [String: JSONValue] = ["conversation_type": "outbox", "limit": 1]
        try await eventually("nothing is owed any more") {
            try state.client().result("state.list", outbox)["conversations"] == []
                && gateway.client().result("service.health")["counters"]?["outbox.lanes"] == 0
        }
    }
}
