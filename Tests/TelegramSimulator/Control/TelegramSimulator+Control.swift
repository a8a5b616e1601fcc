import Contracts

extension TelegramSimulator {
    /// Carries out the command `/control/<verb>`.
    func control(_ name: String, _ request: ReceivedRequest) async -> HTTPResponse {
        guard let verb = ControlVerb(rawValue: name) else {
            return .json(["error": .string("unknown verb \(name)")], status: 404)
        }
        do {
            return .json(try await perform(verb, ControlParameters(CallParameters(try request.parameters()))))
        } catch let error as SimulatorError {
            return .json(
                ["error": .string(error.description)], status: error.description.hasPrefix("timed out") ? 408 : 400)
        } catch {
            return .json(["error": .string("\(error)")], status: 400)
        }
    }

    private func perform(_ verb: ControlVerb, _ given: ControlParameters) async throws -> JSONValue {
        let chat = given.optionalInteger("chat")
        let thread = given.optionalInteger("thread")
        switch verb {
        case .user:
            user(
                try given.integer("id"), firstName: given.optionalString("first_name"),
                username: given.optionalString("username"))
        case .group:
            let id = try given.integer("id")
            guard id < 0 else { throw SimulatorError("groups have negative ids") }
            group(id, title: given.optionalString("title") ?? "Group", isForum: given.raw.bool("is_forum"))
        case .send:
            return try sendMessage(
                try given.string("text"), from: try given.integer("user"), chat: chat, thread: thread,
                replyTo: given.optionalInteger("reply_to")
            ).json
        case .photo:
            let sizes = addPhoto(given.optionalString("file_id") ?? "photo-1", bytes: [])
            return try sendMessage(
                given.optionalString("caption") ?? "", attachment: ["photo": sizes], from: try given.integer("user"),
                chat: chat, thread: thread
            ).json
        case .sticker: return update(try sendSticker(from: try given.integer("user"), chat: chat, thread: thread))
        case .voice: return update(try sendVoice(from: try given.integer("user"), chat: chat, thread: thread))
        case .edit:
            return update(
                try edit(
                    message: try given.integer("message_id"), to: try given.string("text"),
                    chat: try given.integer("chat")))
        case .tap:
            return update(
                try tap(
                    try given.string("button"), by: try given.integer("user"),
                    on: given.optionalInteger("message_id"), chat: chat, thread: thread))
        case .inject:
            guard let body = try given.raw.structured("update", orFail: "update must be a JSON object") else {
                throw SimulatorError("update is missing")
            }
            return update(try inject(body.text))
        case .redeliver: try redeliver(try given.integer("update_id"))
        case .jump: jumpUpdateIDs(to: try given.integer("update_id"))
        case .block: block(by: try given.integer("user"))
        case .unblock: unblock(by: try given.integer("user"))
        case .waitForMessage:
            let place = try given.integer("chat")
            return try await nextBotMessage(
                in: place, thread: thread, containing: given.optionalString("contains") ?? "", timeout: given.timeout
            ).controlJSON
        case .waitUntilConfirmed: try await waitUntilConfirmed(given)
        case .messages:
            return ["messages": .array(allBotMessages(in: try given.integer("chat")).map(\.controlJSON))]
        case .fail: try plantFault(given)
        case .heal: heal(given.optionalString("method"))
        case .limit: limitRates(given.raw.bool("on") ? SimulatedRateLimits() : nil)
        case .advance: advanceTime(by: try given.seconds("seconds"))
        case .state: return stateJSON
        }
        return [:]
    }

    private func waitUntilConfirmed(_ given: ControlParameters) async throws {
        if let id = given.optionalInteger("update_id") {
            try await waitUntilConfirmed(id, timeout: given.timeout)
        } else {
            try await waitUntilAllConfirmed(timeout: given.timeout)
        }
    }

    private func plantFault(_ given: ControlParameters) throws {
        let method = try given.string("method")
        let fault = try given.fault()
        if let count = given.optionalInteger("count") {
            failNext(method, count: Int(count), skipping: Int(given.optionalInteger("skip") ?? 0), with: fault)
        } else {
            fail(method, with: fault)
        }
    }

    private func update(_ id: Int64) -> JSONValue { ["update_id": .integer(id)] }

    private var stateJSON: JSONValue {
        let statistics = core.statistics
        return [
            "unconfirmed": .integer(Int64(unconfirmedCount)), "polling": .bool(core.poller.waiting != nil),
            "negative_offsets": .integer(Int64(statistics.negativeOffsets)),
            "dropped_pending": .integer(Int64(statistics.droppedPending)),
            "answered_callbacks": .integer(Int64(answeredCallbacks.count)),
            "rate_limited": .integer(Int64(statistics.rateLimited)),
            "requests": .object(statistics.requests.mapValues { .integer(Int64($0)) }),
            "commands": .array(commands.map(\.json)),
        ]
    }
}

extension QueuedMessage {
    var json: JSONValue { ["update_id": .integer(updateID), "message_id": .integer(messageID)] }
}
