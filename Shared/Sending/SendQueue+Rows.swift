import DequeModule

extension SendQueue {
    /// Writes the rows that are not as they should be.
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

    /// The row was written. It is not durable if only memory has it, or if it is not known whether it was written.
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
                // It may be in the row all the same: no more than that is certain to be counted there.
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

    /// What is to be stored of these, within the bound; what does not fit waits for room.
    private mutating func row(_ ids: [Int]) -> [SendRow<Content>] {
        var row: [SendRow<Content>] = []
        var bytes = 0
        for id in ids {
            guard let entry = entries[id], entry.storedTries != nil || entry.isStoreWanted else { continue }
            bytes += entry.item.content.rowBytes
            // One that the row has already stays in it: it was promised.
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
