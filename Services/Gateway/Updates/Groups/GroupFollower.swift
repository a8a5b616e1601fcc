import Contracts
import Logging
import TelegramBotAPI

/// Follows groups that become supergroups: the allow-list, what is queued, the lanes, and the open questions.
struct GroupFollower<Calls: ServiceCalls>: Sendable {
    let groups: GroupMigrations
    let allowList: AllowList
    let sender: Sender<Calls>
    let welcomes: WelcomeMessages<Calls>
    let calls: Calls
    let logger: Logger
    /// Whether the lane has updates in progress or waiting.
    let isBusy: @Sendable (LaneKey) -> Bool
    let settled: @Sendable (Int64) -> Void

    /// Follows a service message. Its update is settled when the migration is stored with each open entry.
    ///
    /// - Returns: false if the message is another one.
    func follow(_ message: Message, _ updateID: Int64) -> Bool {
        guard let pair = message.migration else { return false }
        tell(pair)
        groups.migrated(pair) { settled(updateID) }
        return true
    }

    /// Runs until cancelled: repeats the open questions in each supergroup, where people can reply to them.
    func run() async {
        await groups.run { pair in
            // A refusal may have told the queue alone.
            tell(pair)
            await welcomes.askAgain(pair, isAllowed: mayWrite, isBusy: isBusy)
        }
    }

    private func tell(_ pair: GroupIDs.Pair) {
        allowList.migrated(from: pair.group, to: pair.supergroup)
        sender.migrated(pair)
    }

    /// An earlier process parked the update in this lane. If it is from another chat, that is the lane's supergroup.
    func parked(_ update: Update, in lane: LaneKey) {
        guard let chatID = update.chatID, chatID != lane.chatID, chatID < 0, lane.chatID < 0,
            groups.current.first(of: chatID) != lane.chatID
        else { return }
        groups.migrated(GroupIDs.Pair(group: lane.chatID, supergroup: chatID))
    }

    /// The turn in the lane of its group; nil if it is there already. A turn that was routed before the migration was
    /// known is not.
    func inItsLane(_ turn: Turn) -> Turn? {
        guard turn.lane.chatID < 0, case let first = groups.current.first(of: turn.lane.chatID),
            first != turn.lane.chatID
        else { return nil }
        var turn = turn
        (turn.supergroupID, turn.lane.chatID) = (turn.lane.chatID, first)
        return turn
    }

    /// Whether the person may use the bot in the lane's chat, by either of its ids.
    func mayWrite(_ lane: LaneKey) -> Bool {
        [lane.chatID, groups.current.current(of: lane.chatID)].contains {
            allowList.current.admits(lane.userID, in: $0)
        }
    }

    /// Learns from the entries which groups became supergroups, if the file did not tell: the host or the disk is
    /// another one. Tries until the state-service has listed them.
    func relearn() async {
        var retry = Retry()
        while !groups.isKnown, !Task.isCancelled {
            do throws(ServiceFailure) {
                groups.relearned(try await toldByEntries())
                for pair in groups.current.pairs { sender.migrated(pair) }
            } catch {
                if case .refused(let error) = error {
                    logger.error(
                        "the state-service refuses to list entries; trying again", metadata: ["error": "\(error)"])
                }
                await retry.wait()
            }
        }
    }

    private func toldByEntries() async throws(ServiceFailure) -> [GroupIDs.Pair] {
        var pairs: [GroupIDs.Pair] = []
        for type in [ConversationKey.addMachine, WelcomeMessages<Calls>.supergroupType] {
            var cursor: String?
            repeat {
                let page = try await calls.call(StateList.self, .init(type: type, cursor: cursor))
                for item in page.conversations {
                    guard let lane = LaneKey(item.key),
                        let supergroup = item.state.data[OpenEntry.Key.supergroup]?.integerValue
                    else { continue }
                    pairs.append(GroupIDs.Pair(group: lane.chatID, supergroup: supergroup))
                }
                cursor = page.nextCursor
            } while cursor != nil
        }
        return pairs
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
