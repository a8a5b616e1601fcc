import Contracts

/// The queue of updates on Telegram's side.
extension TelegramSimulator {
    /// Enqueues the given JSON as an update; without an `update_id` it gets the next one.
    /// - Throws: `SimulatorError` when it is no JSON object.
    @discardableResult
    public func inject(_ updateJSON: String) throws -> Int64 {
        guard let update = (try? JSONValue(parsing: updateJSON))?.objectValue else {
            throw SimulatorError("an update must be a JSON object")
        }
        return change { core, now in core.inject(update, at: now) }
    }

    /// Delivers an earlier update again, under the same ID, whatever offset the bot sends.
    /// - Throws: `SimulatorError` if there was no such update.
    public func redeliver(_ updateID: Int64) throws {
        guard change({ core, now in core.redeliver(updateID, at: now) }) else {
            throw SimulatorError("there was no update \(updateID)")
        }
    }

    /// Continues the update IDs at `id`, as Telegram does after a quiet week. Choose a distant one: an offset that is
    /// an ID of both stretches means the earlier one.
    public func jumpUpdateIDs(to id: Int64) { change { core, _ in core.updates.jump(to: id) } }

    /// The ID of the next update.
    public var nextUpdateID: Int64 { core.updates.nextID }

    /// The number of updates that the bot has not confirmed.
    public var unconfirmedCount: Int {
        core.updates.expire(at: now)
        return core.updates.entries.count
    }

    /// Whether the bot has confirmed the update, with an offset or by a successful response to the webhook.
    public func isConfirmed(_ updateID: Int64) -> Bool { core.isConfirmed(updateID) }

    /// Waits until the bot has confirmed the update: its effect is then stored, or lost for good.
    public func waitUntilConfirmed(_ updateID: Int64, timeout: Duration = .seconds(10)) async throws {
        try await wait(for: "update \(updateID) is not confirmed", timeout: timeout) { core in
            core.isConfirmed(updateID) ? true : nil
        }
    }

    /// Waits until the bot has confirmed every update.
    public func waitUntilAllConfirmed(timeout: Duration = .seconds(10)) async throws {
        try await wait(for: "updates are not confirmed", timeout: timeout) { core in
            core.updates.entries.isEmpty ? true : nil
        }
    }

    /// Waits until a long poll of the bot is waiting: the bot runs, and has fetched everything.
    public func waitForPoll(timeout: Duration = .seconds(10)) async throws {
        try await wait(for: "no getUpdates waits", timeout: timeout) { core in
            core.poller.waiting == nil ? nil : true
        }
    }
}
