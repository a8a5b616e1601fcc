import Contracts

extension ConversationRecord {
    /// A message that was sent further ahead of our clock than this counts as sent at this bound.
    private static let sentAheadMax = Duration.seconds(7 * 86_400)

    /// The record after `state.save`.
    ///
    /// - Parameter earlier: the stored record of the key. Its conversation continues if it was open when the person
    ///   sent the message.
    static func saved(
        _ params: StateSave.Params, over earlier: ConversationRecord?, revision: Revision, now: Timestamp,
        timeToLive: Duration
    ) -> ConversationRecord {
        // If our clock is behind, Telegram's clock is right. The bound ensures that a wrong time keeps no record for
        // ever.
        let latest = min(max(now, params.sentAt ?? now), now.advanced(by: sentAheadMax))
        let expiresAt = latest.advanced(by: timeToLive)
        var startedAt = now
        if let earlier {
            // No two conversations of a key begin at the same time, whatever the clock does. A value that is derived
            // from the beginning, such as the request id of a machine, belongs to one conversation alone.
            startedAt =
                earlier.opened(at: now, for: params.sentAt) != nil
                ? earlier.startedAt : max(now, earlier.startedAt.advanced(by: .milliseconds(1)))
        }
        var record = ConversationRecord(
            key: params.key, revision: revision, isClosed: false, step: params.step, data: params.data,
            startedAt: startedAt, updatedAt: now, expiresAt: expiresAt, lastUpdateID: params.updateID,
            appliedUpdates: earlier?.appliedUpdates ?? [], lastClearing: earlier?.lastClearing)
        // The kept draft is in use again, or a new entry has replaced it.
        record.lastClearing?.kept = nil
        record.remember(params.updateID, expiresAt: expiresAt, settledBefore: params.settledBefore)
        return record
    }

    /// The tombstone after `state.clear`, or after the conversation expired.
    func cleared(
        reason: StateClear.Reason, outcome: JSONValue?, updateID: Int64?, settledBefore: Int64? = nil,
        revision: Revision, now: Timestamp
    ) -> ConversationRecord {
        var record = self
        record.revision = revision
        record.isClosed = true
        record.data = [:]
        record.updatedAt = now
        record.expiresAt = min(now, expiresAt)
        record.lastUpdateID = updateID
        record.lastClearing = Clearing(
            reason: reason, outcome: outcome ?? .null, updateID: updateID, kept: kept(for: reason, at: now))
        record.remember(updateID, expiresAt: nil, settledBefore: settledBefore)
        return record
    }

    private mutating func remember(_ updateID: Int64?, expiresAt: Timestamp?, settledBefore: Int64?) {
        if let settledBefore {
            let older = appliedUpdates.dropLast(Self.settledUpdatesKept - (updateID == nil ? 0 : 1))
            let kept = older.filter { $0.updateID >= settledBefore && !plantedBug(.settledIgnored) }
            appliedUpdates.replaceSubrange(older.indices, with: kept)
        }
        guard let updateID else { return }
        if appliedUpdates.count >= Self.appliedUpdatesMax {
            appliedUpdates.removeFirst(appliedUpdates.count - Self.appliedUpdatesMax + 1)
        }
        appliedUpdates.append(AppliedEntry(updateID: updateID, revision: revision, expiresAt: expiresAt))
    }

    /// As `state.load` shows it.
    func conversation(storedIn: [TierName]) -> Conversation {
        Conversation(
            step: step, data: data, revision: revision, updateID: lastUpdateID, startedAt: startedAt,
            updatedAt: updatedAt, expiresAt: expiresAt, storedIn: storedIn)
    }
}
