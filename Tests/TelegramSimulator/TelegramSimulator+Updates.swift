import Contracts

/// The queue of updates, from Telegram's side.
extension TelegramSimulator {
    /// Puts an update in as it is, JSON of your own; without an `update_id` it gets the next one.
    /// - Throws: `SimulatorError` when it is no JSON object.
    @discardableResult
    public func inject(_ updateJSON: String) throws -> Int64 {
        guard let update = (try? JSONValue(parsing: updateJSON))?.objectValue else {
            throw SimulatorError("an update must be a JSON object")
        }
        return change { core, now in core.inject(update, at: now) }
    }

    /// Delivers an earlier update again, under its own id, whatever offset the bot asks for.
    /// - Throws: `SimulatorError` when there never was one.
    public func redeliver(_ updateID: Int64) throws {
        guard change({ core, now in core.redeliver(updateID, at: now) }) else {
            throw SimulatorError("there was no update \(updateID)")
        }
    }

    /// Lets update ids go on from `id`, as Telegram does after a quiet week. Jump far: an offset that is an id of both
    /// stretches means the earlier one.
    public func jumpUpdateIDs(to id: Int64) { change { core, _ in core.updates.jump(to: id) } }

    /// The id that the next update gets.
    public var nextUpdateID: Int64 { core.updates.nextID }

    /// Updates that wait to be confirmed by the bot.
    public var unconfirmedCount: Int {
        core.updates.expire(at: now)
        return core.updates.entries.count
    }

    /// Whether the bot has confirmed the update with an offset.
    public func isConfirmed(_ updateID: Int64) -> Bool { core.isConfirmed(updateID) }

    /// Waits until the bot has confirmed the update: what it means to it is then safe, or it has been lost for good.
    public func waitUntilConfirmed(_ updateID: Int64, timeout: Duration = .seconds(10)) async throws {
        try await wait(for: "update \(updateID) is not confirmed", timeout: timeout) { core in
            core.isConfirmed(updateID) ? true : nil
        }
    }

    /// Waits until the bot has confirmed everything.
    public func waitUntilAllConfirmed(timeout: Duration = .seconds(10)) async throws {
        try await wait(for: "updates are not confirmed", timeout: timeout) { core in
            core.updates.entries.isEmpty ? true : nil
        }
    }

    /// Waits until a long poll of the bot waits for updates: the bot is up, and has nothing left to fetch.
    public func waitForPoll(timeout: Duration = .seconds(10)) async throws {
        try await wait(for: "no getUpdates waits", timeout: timeout) { core in
            core.poller.waiting == nil ? nil : true
        }
    }
}
