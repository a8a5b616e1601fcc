import HeapModule

extension SendQueue {
    /// Decides which item of the chat is tried next, and when.
    mutating func evaluate(_ id: Int64, _ now: Duration) {
        guard var chat = chats[id] else { return }
        chat.stamp = nextNumber
        nextNumber += 1
        chats[id] = chat
        guard chat.inFlight == nil, !isStopping else { return }
        var best: SendTurn?
        var later: Duration?
        for lane in chat.lanes {
            let (candidate, retryAt) = candidate(lane, now)
            if let retryAt { later = min(later ?? retryAt, retryAt) }
            guard let candidate, let entry = entries[candidate] else { continue }
            let last = plantedBug(.floodGoesFirst) ? .zero : lanes[lane]?.lastBegunAt ?? .zero
            let turn = SendTurn(
                since: max(entry.handedAt, last), order: entry.order, chat: id, entry: candidate, stamp: chat.stamp)
            if best.map({ turn < $0 }) ?? true { best = turn }
        }
        if let best, let time = offer(best, now) { later = min(later ?? time, time) }
        if let later { wakeChat(id, at: later) }
    }

    /// Queues the item to begin, or its next try to be counted, if its time has come.
    ///
    /// - Returns: when to check again; nil if an event will cause the check.
    private mutating func offer(_ turn: SendTurn, _ now: Duration) -> Duration? {
        guard let entry = entries[turn.entry] else { return nil }
        let time = places.earliest(inChat: entry.form.chatID, isGroup: entry.item.isGroup, now)
        if time > now + Self.markAhead, marks.remove(turn.entry) != nil { entries[turn.entry]?.isMarkWanted = false }
        // Its row is being written. `stored` evaluates the chat again.
        if entry.writingTries != nil { return nil }
        if entry.mayBegin {
            if time > now { return time }
            beginning.insert(turn)
        } else {
            if time > now + Self.markAhead { return time - Self.markAhead }
            if !entry.isMarkWanted { marking.insert(turn) }
        }
        return nil
    }

    /// The lane's item to try next, and the first time at which an item before it may be tried again.
    private mutating func candidate(_ lane: Lane, _ now: Duration) -> (id: Int?, retryAt: Duration?) {
        var retryAt: Duration?
        let ids = lanes[lane]?.entries ?? []
        let newest = ids.last { entries[$0]?.item.policy.isStored == true }
        for id in ids {
            guard let entry = entries[id] else { continue }
            if entry.isInFlight { return (nil, retryAt) }
            if !isReady, entry.item.policy != .passing { continue }
            if entry.item.expiresAt <= now {
                pending.append(.report(.expired, entry.item))
                remove(id, .dropped)
                continue
            }
            // A question that may have been shown is not sent again after a newer message.
            if entry.tries > 0, entry.item.content.isPrompt, id != newest, !plantedBug(.oldQuestionAgain) { continue }
            // The item may have been shown. The items after it need not wait for minutes until it is tried again.
            if entry.retryAt > now {
                retryAt = min(retryAt ?? entry.retryAt, entry.retryAt)
                continue
            }
            return (id, retryAt)
        }
        return (nil, retryAt)
    }

    private mutating func wakeChat(_ id: Int64, at time: Duration) {
        if let planned = chats[id]?.wakeAt, planned <= time { return }
        chats[id]?.wakeAt = time
        alarm(.chat(id), at: time)
    }

    // MARK: - Actions

    /// The actions to perform now, in order.
    public mutating func actions(now: Duration) -> [Action] {
        ring(now)
        for id in fresh { if let chat = entries[id]?.item.chatID { evaluate(chat, now) } }
        mark()
        begin(now)
        storeFresh(now)
        write(now)
        probe(now)
        setWake(nextWake(now))
        defer { pending = [] }
        return pending
    }

    /// Handles the alarms whose time has come.
    private mutating func ring(_ now: Duration) {
        while let alarm = alarms.min, alarm.at <= now {
            alarms.removeMin()
            switch alarm.subject {
            case .chat(let id):
                if chats[id]?.wakeAt == alarm.at { chats[id]?.wakeAt = nil }
                evaluate(id, now)
                if let chat = chats[id], chat.lanes.isEmpty, chat.inFlight == nil, chat.wakeAt == nil {
                    chats[id] = nil
                }
            case .entry(let id): ring(id, now)
            }
        }
    }

    private mutating func ring(_ id: Int, _ now: Duration) {
        guard let entry = entries[id] else { return }
        if entry.item.expiresAt <= now, !entry.isInFlight, !entry.item.policy.isStored {
            remove(id, .dropped)
            evaluate(entry.item.chatID, now)
        } else {
            wantStored(id)
        }
    }

    mutating func wantStored(_ id: Int) {
        guard let entry = entries[id], entry.item.policy.isStored, !entry.isInRow, !entry.isStoreWanted else { return }
        entries[id]?.isStoreWanted = true
        setDirty(entry.item.lane)
        if plantedBug(.storedTooEarly) { resolve(id, .stored) }
    }

    /// Writes rows that count the next tries of stored items, a few of them ahead of time.
    private mutating func mark() {
        guard isReady, gate.state != .closed else { return }
        while marks.count < Self.marksMax, let turn = marking.popMin() {
            guard isValid(turn), let entry = entries[turn.entry] else { continue }
            marks.insert(turn.entry)
            entries[turn.entry]?.isMarkWanted = true
            setDirty(entry.item.lane)
        }
    }

    private func isValid(_ turn: SendTurn) -> Bool { chats[turn.chat]?.stamp == turn.stamp }

    private var mayBegin: Bool {
        guard !isStopping else { return false }
        return switch gate.state {
        case .open: inFlightCount < Self.inFlightMax
        case .halfOpen: inFlightCount < Self.inFlightHalfOpenMax
        case .closed: plantedBug(.outageBurnsTries) && inFlightCount < Self.inFlightMax
        }
    }

    private mutating func begin(_ now: Duration) {
        if gate.state != .closed, !isStopping { beginTaps(now) }
        while mayBegin, places.earliest(now) <= now, let turn = beginning.popMin() {
            guard isValid(turn), let entry = entries[turn.entry] else { continue }
            if entry.tries > 0, gate.failures > 0, !plantedBug(.outageBurnsTries) {
                // The item has few tries left, so first probe whether Telegram responds.
                close(now)
                beginning.insert(turn)
                return
            }
            guard places.earliest(inChat: entry.form.chatID, isGroup: entry.item.isGroup, now) <= now else {
                evaluate(turn.chat, now)
                continue
            }
            places.take(entry.form.chatID, isGroup: entry.item.isGroup, now)
            marks.remove(turn.entry)
            entries[turn.entry]?.begunAt = now
            entries[turn.entry]?.isMarkWanted = false
            lanes[entry.item.lane]?.lastBegunAt = now
            chats[turn.chat]?.inFlight = turn.entry
            inFlightCount += 1
            if !entry.isInRow { alarm(.entry(turn.entry), at: now + times.storeInFlightAfter) }
            pending.append(.send(id: turn.entry, entry.item, entry.form))
        }
    }

    private mutating func beginTaps(_ now: Duration) {
        for id in taps {
            guard let entry = entries[id], !entry.isInFlight, entry.retryAt <= now else { continue }
            if plantedBug(.tapTakesPlace), places.earliest(now) > now {
                entries[id]?.retryAt = now + .seconds(1)
                continue
            }
            entries[id]?.begunAt = now
            tapsInFlight += 1
            pending.append(.send(id: id, entry.item, entry.form))
        }
    }

    /// Stores the new items that could not leave at once.
    private mutating func storeFresh(_ now: Duration) {
        guard !isStopping, !fresh.isEmpty else { return }
        var unready: [Int] = []
        for id in fresh {
            guard let entry = entries[id], !entry.isInFlight else { continue }
            if !entry.item.policy.isStored {
                if entry.item.policy == .passing { resolve(id, .queued) }
            } else if !isReady {
                unready.append(id)
            } else if isOnlyBusy(entry, now) {
                alarm(.entry(id), at: now + times.storeBusyAfter)
            } else {
                wantStored(id)
            }
        }
        fresh = unready
    }

    /// Whether the item waits only for other items that are being tried.
    private func isOnlyBusy(_ entry: Entry, _ now: Duration) -> Bool {
        guard entry.retryAt <= now, gate.state == .open, places.earliest(now) <= now else { return false }
        return places.earliest(inChat: entry.form.chatID, isGroup: entry.item.isGroup, now) <= now
    }

    private func nextWake(_ now: Duration) -> Duration? {
        var wakes: [Duration] = []
        if let alarm = alarms.min { wakes.append(alarm.at) }
        if !beginning.isEmpty, mayBegin { wakes.append(places.earliest(now)) }
        if isTakenOver, !dirty.isEmpty, writes < Self.writesMax { wakes.append(max(storeRetryAt, now)) }
        if gate.state == .closed, !gate.isProbing, !entries.isEmpty {
            wakes.append(max(gate.probeAt, places.earliest(now)))
        }
        for id in taps {
            if let entry = entries[id], !entry.isInFlight, gate.state != .closed {
                wakes.append(max(entry.retryAt, now))
            }
        }
        return isStopping ? (dirty.isEmpty ? nil : max(storeRetryAt, now)) : wakes.min()
    }
}
