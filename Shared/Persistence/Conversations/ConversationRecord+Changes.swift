import Contracts

extension ConversationRecord {
    /// A message that was sent later than this by our clock counts as sent then.
    private static let sentAheadMax = Duration.seconds(7 * 86_400)

    /// The record after `state.save`.
    ///
    /// - Parameter earlier: what is stored of the key now. It goes on if it was open when the person sent what is saved.
    static func saved(
        _ params: StateSave.Params, over earlier: ConversationRecord?, revision: Revision, now: Timestamp,
        timeToLive: Duration
    ) -> ConversationRecord {
        // Where our clock is behind, that of Telegram is right; but nothing is kept for ever by a wrong time.
        let latest = min(max(now, params.sentAt ?? now), now.advanced(by: sentAheadMax))
        let expiresAt = latest.advanced(by: timeToLive)
        var startedAt = now
        if let earlier {
            // No two conversations of a key began at the same time, whatever the clock does: what is derived from the
            // beginning of one, such as the request id of its machine, is that one's alone.
            startedAt =
                earlier.opened(at: now, for: params.sentAt) != nil
                ? earlier.startedAt : max(now, earlier.startedAt.advanced(by: .milliseconds(1)))
        }
        var record = ConversationRecord(
            key: params.key, revision: revision, isClosed: false, step: params.step, data: params.data,
            startedAt: startedAt, updatedAt: now, expiresAt: expiresAt, lastUpdateID: params.updateID,
            appliedUpdates: earlier?.appliedUpdates ?? [], lastClearing: earlier?.lastClearing)
        // What was kept is taken up again, or another entry was begun in its place.
        record.lastClearing?.kept = nil
        record.remember(params.updateID, expiresAt: expiresAt, settledBefore: params.settledBefore)
        return record
    }

    /// The tombstone after `state.clear`, or after the time is over.
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
