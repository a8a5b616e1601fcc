import DequeModule

extension SendQueue {
    /// Begins writing the rows that have changed, at most `writesMax` at a time.
    mutating func write(_ now: Duration) {
        guard isTakenOver || plantedBug(.takeoverNotAwaited), storeRetryAt <= now else { return }
        while writes < Self.writesMax, let lane = dirty.popFirst() {
            guard let state = lanes[lane], !state.isWriting else { continue }
            let row = row(state.entries)
            lanes[lane]?.isDirty = false
            guard !row.isEmpty || state.hasRow else {
                forgetIfIdle(lane)
                continue
            }
            lanes[lane]?.isWriting = true
            lanes[lane]?.isClearing = row.isEmpty
            lanes[lane]?.hasRow = true
            writes += 1
            pending.append(.store(lane, row))
        }
    }

    /// Records that the write of a row ended. `isDurable` is false if only memory has the row, or if it is unknown
    /// whether it was written.
    public mutating func stored(_ lane: Lane, isDurable: Bool, now: Duration) {
        writes -= 1
        if isDurable {
            storeFailures = 0
            storeRetryAt = .zero
        } else {
            storeFailures += 1
            storeRetryAt = now + min(times.storeRetryMax, times.storeRetry * (1 << min(storeFailures - 1, 16)))
        }
        guard let state = lanes[lane] else { return }
        lanes[lane]?.isWriting = false
        if isDurable { lanes[lane]?.hasRow = !state.isClearing }
        for id in state.entries {
            guard let tries = entries[id]?.writingTries else { continue }
            entries[id]?.writingTries = nil
            guard isDurable else {
                // The row may have been written or not. Only the smaller of the two counts is certain.
                if let stored = entries[id]?.storedTries { entries[id]?.storedTries = min(stored, tries) }
                continue
            }
            entries[id]?.storedTries = tries
            entries[id]?.isStoreWanted = false
            resolve(id, .stored)
            if isStopping { uncount(id) }
        }
        if state.isDirty || !isDurable {
            lanes[lane]?.isDirty = true
            dirty.append(lane)
        }
        forgetIfIdle(lane)
        evaluate(state.chat, now)
    }

    /// The row to store for these entries, within `rowBytesMax`. Entries that do not fit wait for room.
    private mutating func row(_ ids: [Int]) -> [SendRow<Content>] {
        var row: [SendRow<Content>] = []
        var bytes = 0
        for id in ids {
            guard let entry = entries[id], entry.storedTries != nil || entry.isStoreWanted else { continue }
            bytes += entry.item.content.rowBytes
            // An item that the row already has stays in it, since its caller was promised that it is stored.
            if bytes > Self.rowBytesMax, entry.storedTries == nil, !row.isEmpty { continue }
            let tries = entry.rowTries(isStopping: isStopping)
            entries[id]?.writingTries = tries
            row.append(
                SendRow(
                    content: entry.item.content, updateID: entry.item.updateID, policy: entry.item.policy, tries: tries)
            )
        }
        return row
    }
}
