extension SendQueue {
    /// Records how a try ended.
    public mutating func ended(_ id: Int, _ outcome: SendOutcome, now: Duration) {
        guard let entry = entries[id], let begunAt = entry.begunAt else { return }
        entries[id]?.begunAt = nil
        entries[id]?.retryAt = .zero
        if entry.item.policy.isMessage {
            inFlightCount -= 1
            chats[entry.item.chatID]?.inFlight = nil
        } else {
            tapsInFlight -= 1
        }
        noteReachability(outcome, now)
        switch outcome {
        case .sent: sent(id, entry)
        case .refused(let refusal):
            places.giveBack(entry.form.chatID, isGroup: entry.item.isGroup, begunAt, wasRefused: true)
            refused(id, entry, refusal)
        case .tooManyRequests(let retryAfter): toldToWait(id, entry, retryAfter, begunAt, now)
        case .notSent: notSent(id, entry, begunAt, now)
        case .unknown: unknown(id, entry, now)
        }
        if isStopping { uncount(id) }
        evaluate(entry.item.chatID, now)
    }

    private mutating func sent(_ id: Int, _ entry: Entry) {
        pending.append(.sent(entry.item))
        // A newer message was shown, so it no longer matters whether an older question was shown: drop the question.
        let older = entry.item.policy.isMessage ? lanes[entry.item.lane]?.entries.prefix { $0 != id } : nil
        for older in older ?? [] {
            guard let entry = entries[older], entry.tries > 0, !entry.isInFlight, entry.item.content.isPrompt else {
                continue
            }
            remove(older, .dropped)
        }
        remove(id, .sent)
    }

    private mutating func refused(_ id: Int, _ entry: Entry, _ refusal: SendRefusal) {
        var form = entry.form
        let hasOther = entry.item.policy.isMessage && form.refused(refusal) && !isForgotten(refusal)
        guard hasOther else {
            if entry.item.policy.isMessage { pending.append(.report(.refused, entry.item)) }
            return remove(id, .dropped)
        }
        if form.isPlain != entry.form.isPlain { pending.append(.report(.plain, entry.item)) }
        if case .migrated(let new) = refusal { moved(entry.item.chatID, to: new) }
        entries[id]?.form = form
        fresh.append(id)
    }

    private func isForgotten(_ refusal: SendRefusal) -> Bool {
        if case .migrated = refusal { plantedBug(.migrationForgotten) } else { false }
    }

    private mutating func toldToWait(
        _ id: Int, _ entry: Entry, _ retryAfter: Duration, _ begunAt: Duration, _ now: Duration
    ) {
        switch entry.item.policy {
        case .tapAnswer: entries[id]?.retryAt = now + min(max(retryAfter, .milliseconds(100)), SendPlaces.pauseMax)
        case .message, .edit, .passing:
            places.giveBack(entry.form.chatID, isGroup: entry.item.isGroup, begunAt)
            places.tooManyRequests(entry.form.chatID, retryAfter: retryAfter, now)
            wantStored(id)
        }
    }

    private mutating func notSent(_ id: Int, _ entry: Entry, _ begunAt: Duration, _ now: Duration) {
        guard entry.item.policy.isMessage else {
            let retryAt = now + times.probeRetry
            entries[id]?.retryAt = retryAt
            return
        }
        places.giveBack(entry.form.chatID, isGroup: entry.item.isGroup, begunAt)
        wantStored(id)
    }

    private mutating func unknown(_ id: Int, _ entry: Entry, _ now: Duration) {
        guard !plantedBug(.unknownNotCounted) else {
            entries[id]?.retryAt = now + .seconds(1)
            return wantStored(id)
        }
        let tries = entry.tries + 1
        guard tries < entry.item.policy.triesMax else {
            if entry.item.policy.isStored { pending.append(.report(.unknown, entry.item)) }
            return remove(id, .dropped)
        }
        entries[id]?.tries = tries
        let retryAt = now + repeatAfter(entry.item.policy, tries)
        entries[id]?.retryAt = retryAt
        wantStored(id)
    }

    // MARK: - Whether Telegram responds

    private mutating func noteReachability(_ outcome: SendOutcome, _ now: Duration) {
        switch outcome {
        case .sent, .refused, .tooManyRequests:
            gate.failures = 0
            gate.closings = 0
            gate.state = .open
            if case .tooManyRequests = outcome {} else { places.letThrough() }
        case .notSent:
            gate.failures += 1
            close(now)
        case .unknown:
            gate.failures += 1
            if gate.failures >= Self.failuresMax { close(now) }
        }
    }

    /// Closes the gate: no try begins until a probe gets a response.
    mutating func close(_ now: Duration) {
        guard gate.state != .closed else { return }
        gate.state = .closed
        gate.probeAt = gate.closings == 0 ? now : now + probeWait
        gate.closings += 1
    }

    private var probeWait: Duration { min(times.probeRetryMax, times.probeRetry * (1 << min(gate.closings, 16))) }

    mutating func probe(_ now: Duration) {
        guard gate.state == .closed, !gate.isProbing, !entries.isEmpty, !isStopping else { return }
        guard gate.probeAt <= now, places.earliest(now) <= now else { return }
        gate.isProbing = true
        pending.append(.probe)
    }

    /// Records how the probe ended.
    public mutating func probed(_ outcome: SendOutcome, now: Duration) {
        gate.isProbing = false
        guard gate.state == .closed else { return }
        switch outcome {
        case .sent, .refused:
            gate.state = .halfOpen
            gate.failures = 0
        case .tooManyRequests(let retryAfter): places.tooManyRequests(retryAfter: retryAfter, now)
        case .notSent, .unknown:
            gate.probeAt = now + probeWait
            gate.closings += 1
        }
    }
}
