package import Contracts

/// The queries of `conversation_states` that decisions about conversations need.
public protocol ConversationRows: LocalTable where Record == ConversationRecord {
    /// Up to `limit` open conversations after `position` that are over by `time`, in the order of their hours. Examines
    /// a bounded number of rows, so an empty page need not be the last.
    func expired(by time: AgreedTime, after position: SweepPosition?, limit: Int) throws(SQLiteError) -> ExpiredPage
}

extension AgreedTime {
    fileprivate func isOver(_ record: ConversationRecord) -> Bool {
        isOver(from: record.updatedAt, until: record.expiresAt)
    }
}

/// The decisions of the methods of `state.sock`.
extension StoreTransaction where Table: ConversationRows {
    /// Idempotent by update id.
    /// - Returns: the stored revision, and when it expires.
    package mutating func save(
        _ params: StateSave.Params, timeToLive: Duration
    ) throws(RPCError) -> (revision: Revision, expiresAt: Timestamp) {
        let stored = try get(params.key)
        if let updateID = params.updateID, !plantedBug(.updateIDsCompared),
            let earlier = stored?.answer(to: updateID, wasClear: false), let expiresAt = earlier.expiresAt
        {
            return (earlier.revision, expiresAt)
        }
        if plantedBug(.updateIDsCompared), let stored, let updateID = params.updateID,
            let last = stored.lastUpdateID, updateID <= last
        {
            return (stored.revision, stored.expiresAt)
        }
        // The update that ended a conversation does not open it again.
        if let updateID = params.updateID, let stored, let end = stored.answer(to: updateID, wasClear: true) {
            return (end.revision, stored.expiresAt)
        }
        if let expected = params.expectedRevision {
            let isMet =
                expected == stored?.revision ?? .none
                || (expected == .none && stored?.opened(at: now, for: params.sentAt) == nil)
            guard isMet else {
                throw RPCError(
                    .revisionConflict, "expected_revision is not the stored one; load the conversation again",
                    revision: stored?.revision.rawValue ?? 0)
            }
        }
        // The revision of a key without a record must be above every forgotten one.
        let floor =
            if let stored { stored.revision } else {
                try ask { table throws(SQLiteError) in try table.highestPrunedRevision() }
            }
        let record = ConversationRecord.saved(
            params, over: stored, revision: nextRevision(after: floor), now: now, timeToLive: timeToLive)
        put(record)
        return (record.revision, record.expiresAt)
    }

    /// Leaves a tombstone. Idempotent by update id.
    /// - Returns: whether there was a conversation to clear, and the stored revision.
    package mutating func clear(
        _ params: StateClear.Params
    ) throws(RPCError) -> (cleared: Bool, revision: Revision?) {
        guard let stored = try get(params.key) else { return (false, nil) }
        if let updateID = params.updateID, let earlier = stored.answer(to: updateID, wasClear: true) {
            return (true, earlier.revision)
        }
        guard let open = stored.opened(at: now, for: params.sentAt) else { return (false, stored.revision) }
        let tombstone = open.cleared(
            reason: params.reason, outcome: params.outcome, updateID: params.updateID,
            settledBefore: params.settledBefore, revision: nextRevision(after: stored.revision), now: now)
        put(tombstone)
        return (true, tombstone.revision)
    }

    /// Turns some expired conversations after `position` into tombstones, if they are over by clocks that agree.
    ///
    /// - Returns: the number of them, and the position to continue from; nil when all were examined.
    package mutating func sweep(
        after position: SweepPosition? = nil, limit: Int
    ) throws(RPCError) -> (count: Int, next: SweepPosition?) {
        guard let agreed = agreedTime else { return (0, nil) }
        let now = now
        let page = try ask { table throws(SQLiteError) in
            try table.expired(by: agreed, after: position, limit: limit)
        }
        let held = held.values.filter { !$0.isClosed && agreed.isOver($0) }.prefix(limit)
        var swept: Set<ConversationKey> = []
        for candidate in page.records + held where !swept.contains(candidate.key) {
            guard let newest = try get(candidate.key), !newest.isClosed, agreed.isOver(newest) else { continue }
            put(
                newest.cleared(
                    reason: .expired, outcome: nil, updateID: nil, revision: nextRevision(after: newest.revision),
                    now: now))
            swept.insert(candidate.key)
        }
        // Among the records in memory only, more may be left.
        let mayHoldMore = held.count == limit && !swept.isEmpty
        return (swept.count, page.next ?? (mayHoldMore ? position ?? .beginning : nil))
    }

    /// Imports a conversation from another program, if it is open and newer than the stored one.
    /// - Throws: `invalidArgument` when its last change is more than a year in the future.
    package mutating func importConversation(_ item: StateImport.Item) throws(RPCError) -> Bool {
        guard item.updatedAt.map({ Revision(at: $0) <= .highestBelieved(at: now) }) ?? true else {
            throw .invalidArgument("updated_at", "a time that is at most a year from now")
        }
        let (record, isDated) = ConversationRecord.imported(item, seenAt: now)
        guard record.isOpen(at: now) else { return false }
        if let known = try get(record.key), !isDated || known.revision >= record.revision { return false }
        put(record)
        return true
    }
}
