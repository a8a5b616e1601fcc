import Contracts
import Persistence

/// One lane for each conversation, as the gateway has them: one update at a time, delivered until it is durable.
final class ConversationClients: Clients {
    typealias Table = VirtualConversationTable

    private struct Update {
        var id: Int64
        var isClear: Bool
        /// By a perfect clock.
        var sentAt: Duration
    }

    /// Telegram does not keep an update for longer.
    private static var updatesKeptFor: Duration { .seconds(86_400) }

    private final class Lane {
        let key: ConversationKey
        var current: Update?
        var last: Update?
        /// Settled, but Telegram was not told: delivered again, however many follow it.
        var unconfirmed: Update?
        var attempts = 0

        init(_ key: ConversationKey) { self.key = key }

        /// No update with a lower id is delivered again.
        var settledBefore: Int64 { [current, last, unconfirmed].compactMap { $0?.id }.min() ?? 0 }
    }

    private let world: World<Table>
    private let lanes: [Lane]
    private let shared = ConversationKey(userID: "shared", chatID: "1")
    private var usedIDs: Set<Int64> = []
    private var isEnding = true

    init(_ world: World<Table>) {
        self.world = world
        var lanes = (0..<world.scenario.clients).map { Lane(ConversationKey(userID: "\($0)", chatID: "1")) }
        if world.scenario.faults.contains(.otherProgram) {
            lanes.append(Lane(shared))
            world.model.share(shared)
        }
        self.lanes = lanes
        for lane in lanes { world.model.know(lane.key) }
    }

    private var dice: Dice { world.dice }
    var isIdle: Bool { lanes.allSatisfy { $0.current == nil } }
    var summary: String { lanes.compactMap { lane in lane.current.map { "\(lane.key.userID): \($0)" } }.joined() }

    func begin() {
        isEnding = false
        for lane in lanes { planNext(lane) }
        planSweep()
    }

    func end() { isEnding = true }

    func storeStarted() { for lane in lanes where lane.current != nil { planAgain(lane) } }

    // MARK: Updates

    private func planNext(_ lane: Lane) {
        // Some people leave what they began.
        world.plan(after: dice.chance(0.25) ? dice.time(5_000...30_000) : dice.time(5...1_500)) { [self] in
            guard lane.current == nil, !isEnding else { return }
            var id: Int64
            repeat { id = Int64(dice.number(1...100_000)) } while !usedIDs.insert(id).inserted
            lane.current = Update(id: id, isClear: dice.chance(0.2), sentAt: world.clock.trueElapsed)
            deliver(lane)
        }
    }

    private func planAgain(_ lane: Lane) {
        lane.attempts += 1
        let attempt = lane.attempts
        world.plan(after: dice.time(10...1_500)) { [self] in if lane.attempts == attempt { deliver(lane) } }
    }

    private func deliver(_ lane: Lane) {
        guard let update = lane.current else { return }
        guard isKept(update) else {
            lane.current = nil
            return planNext(lane)
        }
        lane.attempts += 1
        let attempt = lane.attempts
        submit(update, lane)
        // Telegram delivers an update again that was settled before, or long ago.
        if let last = lane.last, isKept(last), dice.chance(0.05) { submit(last, lane) }
        if let unconfirmed = lane.unconfirmed, isKept(unconfirmed), dice.chance(0.1) { submit(unconfirmed, lane) }
        world.plan(after: dice.time(2_000...6_000)) { [self] in
            if lane.attempts == attempt, lane.current != nil { deliver(lane) }
        }
    }

    private func isKept(_ update: Update) -> Bool {
        world.clock.trueElapsed - update.sentAt < Self.updatesKeptFor
    }

    private func submit(_ update: Update, _ lane: Lane) {
        let (world, key, settledBefore) = (world, lane.key, lane.settledBefore)
        var revision: Revision?
        var refusal: RPCError?
        world.submit(
            StoreOperation(
                decide: { transaction in
                    do throws(RPCError) {
                        revision = try Self.decide(update, key, settledBefore, &transaction, world)
                        return true
                    } catch {
                        refusal = error
                        return false
                    }
                },
                done: { [self] placement in
                    if let refusal { return failed(lane, update, refusal) }
                    done(lane, update, revision, placement)
                },
                failed: { [self] in failed(lane, update, $0) }))
    }

    private static func decide(
        _ update: Update, _ key: ConversationKey, _ settledBefore: Int64,
        _ transaction: inout StoreTransaction<Table>, _ world: World<Table>
    ) throws(RPCError) -> Revision? {
        let before = try transaction.get(key)
        let revision: Revision?
        if update.isClear {
            let params = StateClear.Params(
                key: key, reason: .completed, updateID: update.id, settledBefore: settledBefore)
            revision = try transaction.clear(params).revision
        } else {
            let log = before.flatMap { $0.isOpen(at: transaction.now) ? $0.log : nil } ?? []
            let saved = try transaction.save(
                .init(
                    key: key, step: "step \(log.count)",
                    data: ["log": .array((log + [update.id]).map(JSONValue.integer))], updateID: update.id,
                    settledBefore: settledBefore),
                timeToLive: world.scenario.timeToLive)
            revision = saved.revision
        }
        if let after = try transaction.get(key), after.revision != before?.revision {
            world.note("\(key.userID): \(update.id) makes \(after.summary) of \(before?.summary ?? "nothing")")
            world.decided(after, over: before, updateID: update.id)
        }
        return revision
    }

    private func done(_ lane: Lane, _ update: Update, _ revision: Revision?, _ placement: Placement) {
        if let revision {
            let version = world.model.version(lane.key, revision)
            if version?.updateID == update.id {
                world.acknowledged(lane.key, revision, placement)
            } else if !update.isClear {
                world.model.violated(
                    "\(lane.key): \(update.id) is answered with \(revision.rawValue) of another update")
            }
        }
        guard lane.current?.id == update.id else { return }
        guard placement.isDurable else { return planAgain(lane) }
        lane.last = update
        if lane.unconfirmed == nil ? dice.chance(0.1) : dice.chance(0.05) {
            lane.unconfirmed = lane.unconfirmed == nil ? update : nil
        }
        lane.current = nil
        planNext(lane)
    }

    private func failed(_ lane: Lane, _ update: Update, _ error: RPCError) {
        world.note("\(lane.key.userID): \(update.id) failed: \(error)")
        if error.code == .internalError { world.model.violated("\(lane.key): \(error)") }
        if lane.current?.id == update.id { planAgain(lane) }
    }

    // MARK: Expiry

    private func planSweep() {
        world.plan(after: dice.time(500...8_000)) { [self] in
            guard !isEnding else { return }
            sweep()
            planSweep()
        }
    }

    private func sweep() {
        let (world, keys) = (world, lanes.map(\.key))
        world.submit(
            StoreOperation(
                decide: { transaction in
                    do throws(RPCError) {
                        var before: [ConversationKey: ConversationRecord] = [:]
                        for key in keys { before[key] = try transaction.get(key) }
                        _ = try transaction.sweep(limit: 2)
                        for key in keys {
                            guard let after = try transaction.get(key), after.revision != before[key]?.revision
                            else { continue }
                            world.count("expired")
                            if let record = before[key] ?? nil { world.expired(record) }
                            world.decided(after, over: before[key])
                        }
                        return true
                    } catch { return false }
                }, done: { _ in }, failed: { _ in }))
    }

    // MARK: The earlier bot

    func changeOutside(_ tier: VirtualTier<ConversationRecord>) {
        guard let row = tier.content.rows[shared], !row.record.isClosed else { return }
        let moment = world.clock.wall.advanced(by: world.foreignClockError())
        var record = row.shown.changedOutside(at: moment, by: "outside \(dice.number(1...1_000))")
        if dice.chance(0.3), row.stored == row.revision {
            let record = row.shown.changedOutside(at: row.record.updatedAt, by: "silently \(dice.number(1...9))")
            tier.changedSilently(record)
            world.note("\(tier.name.rawValue): another program silently makes \(record.summary)")
            return world.model.wroteSilently(record, clock: world.clock)
        }
        // Two programs' changes of one millisecond cannot be told apart: one of them stays, anywhere.
        guard Revision(at: moment) > row.revision, world.model.version(shared, Revision(at: moment)) == nil else {
            return
        }
        tier.changedOutside(record, isNew: false)
        record.revision = Revision(at: moment)
        world.note("\(tier.name.rawValue): another program makes \(record.summary)")
        world.model.wroteOutside(record, over: row.revision, clock: world.clock)
    }
}
