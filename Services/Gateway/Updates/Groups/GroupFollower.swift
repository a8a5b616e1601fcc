import Contracts
import KillPoints
import TelegramBotAPI

/// Follows groups that become supergroups: the allow-list, what is queued, the lanes, and the open questions.
struct GroupFollower<Calls: ServiceCalls>: Sendable {
    /// How long people whose answer is in progress are waited for, before their question is repeated or not.
    static var patience: Duration { .seconds(30) }
    private static var pause: Duration { .milliseconds(100) }

    let directory: GroupDirectory<Calls>
    let allowList: AllowList
    let sender: Sender<Calls>
    let welcomes: WelcomeMessages<Calls>
    /// Whether the updates of an earlier process are in their lanes.
    let isResumed: @Sendable () -> Bool
    /// Whether the lane has updates in progress or waiting.
    let isBusy: @Sendable (LaneKey) -> Bool
    let settled: @Sendable (Int64) -> Void

    /// Follows a service message. Its update is settled when the migration is stored and the open questions were
    /// repeated.
    ///
    /// - Returns: false if the message is another one.
    func follow(_ message: Message, _ updateID: Int64) -> Bool {
        guard let pair = message.migration else { return false }
        directory.told(pair) { settled(updateID) }
        tell(pair)
        return true
    }

    /// Runs until cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await news in directory.news {
                guard directory.current.current(of: news.pair.group) == news.pair.supergroup else {
                    // It contradicts what is known.
                    news.ended?()
                    continue
                }
                tell(news.pair)
                killPoint("gateway.before-group")
                guard await directory.store(news.pair) else { return }
                killPoint("gateway.after-group")
                while !isResumed(), !Task.isCancelled { try? await Task.sleep(for: Self.pause) }
                guard let left = await welcomes.askAgain(news.pair, isAllowed: mayWrite, isBusy: isBusy),
                    !Task.isCancelled
                else { return }
                killPoint("gateway.after-group-asked")
                await directory.followed(news.pair)
                news.ended?()
                if !left.isEmpty { group.addTask { await askLater(left, news.pair) } }
            }
        }
    }

    private func tell(_ pair: GroupIDs.Pair) {
        allowList.migrated(from: pair.group, to: pair.supergroup)
        sender.migrated(pair)
    }

    /// Asks those whose answer was in progress, unless its reply has come in the supergroup.
    private func askLater(_ lanes: [LaneKey], _ pair: GroupIDs.Pair) async {
        let deadline = ContinuousClock.now + Self.patience
        var left = lanes
        while !left.isEmpty, !Task.isCancelled, ContinuousClock.now < deadline {
            try? await Task.sleep(for: Self.pause)
            let ready = left.filter { !isBusy($0) }
            guard !ready.isEmpty else { continue }
            guard let again = await welcomes.askAgain(pair, only: ready, isAllowed: mayWrite, isBusy: isBusy) else {
                return
            }
            left = left.filter { isBusy($0) || again.contains($0) }
        }
    }

    /// An earlier process parked the update in this lane. If it is from another chat, that is the lane's supergroup.
    func parked(_ update: Update, in lane: LaneKey) {
        guard let chatID = update.chatID, chatID != lane.chatID,
            directory.current.first(of: chatID) != lane.chatID
        else { return }
        directory.told(GroupIDs.Pair(group: lane.chatID, supergroup: chatID))
    }

    /// Where the update of a supergroup is handled. It stays in the supergroup's own lane while that has older ones,
    /// which were routed before the migration was known.
    func route(_ turn: Turn) -> Turn {
        if let there = turn.inSupergroup, isBusy(there.lane) { return there }
        return turn
    }

    /// Whether the chat of the turn may be a supergroup that was a group, and its entry one of the group.
    func mustLookUp(_ turn: Turn) -> Bool {
        turn.concernsEntry && turn.supergroupID == nil && directory.mustLookUp(turn.lane.chatID)
    }

    /// Returns when it is known, or when the gateway stops.
    func lookUp(_ turn: Turn) async { if let pair = await directory.lookUp(turn.lane.chatID) { tell(pair) } }

    /// Learns what the state-service keeps of all supergroups.
    ///
    /// - Returns: false if the gateway is stopping.
    func loadAll() async -> Bool {
        guard await directory.loadAll() else { return false }
        for pair in directory.current.pairs { tell(pair) }
        return true
    }

    /// Runs until cancelled: now and then learns what another host has stored, and has what would soon be over kept
    /// for longer.
    func renew() async {
        while !Task.isCancelled {
            await directory.renew()
            try? await Task.sleep(for: GroupDirectory<Calls>.askedFor)
            guard await loadAll() else { return }
        }
    }

    /// The turn in the lane of its group; nil if it is there already. A turn that was routed before the migration was
    /// known is not.
    func moved(_ turn: Turn) -> Turn? {
        guard turn.supergroupID == nil else { return nil }
        let first = directory.current.first(of: turn.lane.chatID)
        guard first != turn.lane.chatID else { return nil }
        var turn = turn
        (turn.supergroupID, turn.lane.chatID) = (turn.lane.chatID, first)
        return turn
    }

    /// Whether the person may use the bot in the lane's chat, by either of its ids.
    func mayWrite(_ lane: LaneKey) -> Bool {
        [lane.chatID, directory.current.current(of: lane.chatID)].contains {
            allowList.current.admits(lane.userID, in: $0)
        }
    }
}

extension Update {
    /// The chat in which it happened; nil if it has none.
    fileprivate var chatID: Int64? {
        switch kind {
        case .message(let message), .editedMessage(let message): message.chat.id
        case .callbackQuery(let query): query.message?.chat.id
        case .myChatMember, .unknown, .unreadable: nil
        }
    }
}
