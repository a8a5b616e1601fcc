import Contracts

extension SimulatorCore {
    mutating func pollReceived(_ parameters: CallParameters, id: CallID, at now: Duration) {
        if webhook != nil {
            act(.answer(id, .error(.webhookIsActive)))
            return
        }
        // Only one poll may wait: the later one ends the earlier one.
        if let waiting = poller.waiting {
            poller.waiting = nil
            act(.answer(waiting.call, .error(.otherPoller)))
        }
        let offset = parameters.integer("offset") ?? 0
        var limit = Int(clamping: parameters.integer("limit") ?? Int64(Poller.limitMax))
        if limit < 1 || limit > Poller.limitMax { limit = Poller.limitMax }
        var timeoutSeconds = min(max(Int(clamping: parameters.integer("timeout") ?? 0), 0), Poller.timeoutSecondsMax)
        rememberAllowedUpdates(parameters)
        if offset == poller.previousOffset {
            let elapsed = now - poller.previousStart
            if elapsed < Poller.repeatLimited { limit = 1 }
            if elapsed < Poller.repeatDelayed { timeoutSeconds = max(timeoutSeconds, 3) }
        }
        poller.previousOffset = offset
        poller.previousStart = now

        if offset < 0 {
            statistics.negativeOffsets += 1
            updates.keepLast(Int(clamping: offset.magnitude))
        } else if offset > 0 {
            updates.confirm(before: offset)
        }
        if updates.entries.isEmpty, timeoutSeconds > 0 {
            let deadline = now + .seconds(timeoutSeconds)
            poller.waiting = .init(call: id, limit: limit, deadline: deadline)
            act(.wake(id, at: deadline))
        } else {
            act(.answer(id, .result(.array(updates.batch(limit: limit)))))
        }
    }

    /// Starts deliveries of the queued updates, or ends a waiting long poll with them.
    mutating func updateQueued(at now: Duration) {
        deliver(at: now)
        guard let waiting = poller.waiting, !updates.entries.isEmpty else { return }
        poller.waiting = nil
        act(.answer(waiting.call, .result(.array(updates.batch(limit: waiting.limit)))))
    }

    mutating func pollTimePassed(to now: Duration) {
        guard let waiting = poller.waiting, waiting.deadline <= now else { return }
        poller.waiting = nil
        act(.answer(waiting.call, .result([])))
    }

    /// The connection of a request was lost: its long poll ends.
    mutating func connectionLost(_ call: CallID) {
        if poller.waiting?.call == call { poller.waiting = nil }
    }

    /// Puts an update of `kind` into the queue.
    /// - Returns: its ID; nil if the bot's `allowed_updates` exclude the kind, which Telegram would drop, too.
    @discardableResult
    mutating func enqueue(_ kind: String, _ body: JSONValue, at now: Duration) -> Int64? {
        guard poller.allows(kind) else { return nil }
        updates.expire(at: now)
        let id = updates.append([kind: body], expiresAt: now + Self.retention(of: kind))
        updateQueued(at: now)
        return id
    }

    /// Enqueues `update` as it is; it gets an `update_id` if it has none.
    mutating func inject(_ update: [String: JSONValue], at now: Duration) -> Int64 {
        let kind = update.keys.first { $0 != "update_id" } ?? ""
        let expiresAt = now + Self.retention(of: kind)
        let id: Int64
        if let given = update["update_id"]?.integerValue {
            id = given
            updates.appendNumbered(update, id: id, expiresAt: expiresAt)
        } else {
            id = updates.append(update, expiresAt: expiresAt)
        }
        updateQueued(at: now)
        return id
    }

    /// Sends the update `id` again, as Telegram does with an update that it considers unconfirmed.
    /// - Returns: false if there was no such update.
    mutating func redeliver(_ id: Int64, at now: Duration) -> Bool {
        guard updates.redeliver(id, expiresAt: now + Self.messageRetention) else { return false }
        updateQueued(at: now)
        return true
    }

    /// Whether the bot has confirmed the update `id`, with an offset or by a successful response to the webhook.
    func isConfirmed(_ id: Int64) -> Bool {
        updates.confirmed.contains(id) && !updates.entries.contains { $0.id == id }
    }

    mutating func rememberAllowedUpdates(_ parameters: CallParameters) {
        // Telegram ignores a list that it cannot read; without a list it keeps the previous one.
        guard let list = try? parameters.structured("allowed_updates", orFail: "allowed_updates")?.arrayValue else {
            return
        }
        let kinds = Set(list.compactMap { $0.stringValue?.lowercased() })
        poller.allowedKinds = kinds.isEmpty ? nil : kinds
    }

    private static func retention(of kind: String) -> Duration {
        kind == "callback_query" ? callbackRetention : messageRetention
    }
}
