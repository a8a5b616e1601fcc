import Contracts
import Dialogue
import KillPoints
import Logging
import ServiceKit
import ServiceLifecycle
import Synchronization
import Systemd
import TelegramBotAPI
import Wire

/// Connects the parts of the gateway: source of updates, router, lanes, turns, replies.
final class Gateway: Service {
    /// How long turns in progress may continue after a SIGTERM.
    static let patience: Duration = .seconds(5)

    private let transport: CurlTransport
    private let source: any UpdateSource
    /// The source, if it is a webhook.
    private let webhook: WebhookSource?
    private let foreignWebhook: ForeignWebhook
    private let allowList: AllowList
    private let follower: GroupFollower<WireCalls>
    private let botProfile: BotProfile
    private let botID: Int64?
    private let lanes: Lanes<LaneKey, Turn>
    private let runner: TurnRunner<WireCalls>
    private let renamings: RenamingMessages<WireCalls>
    private let welcomes: WelcomeMessages<WireCalls>
    private let absence: Absence
    private let watch: ServiceWatch
    private let board = StatusBoard()
    private let counters = Counters()
    private let ages = UpdateAges()
    private let calls: WireCalls
    private let parking: Parking<WireCalls>
    /// Until then, updates from Telegram wait until the parked ones are read. After it, the gateway accepts updates
    /// without knowing what is parked.
    private let resumeDeadline: ContinuousClock.Instant = .now + .seconds(2)
    private let logger: Logger

    init(_ settings: GatewaySettings, _ context: ServiceContext) {
        let (board, counters, ages, logger) = (board, counters, ages, context.logger)
        let transport = CurlTransport()
        let bot = TelegramBot(
            baseURL: settings.telegramURL.text, token: settings.token, transport: transport, logger: logger)
        let absence = Absence(notePath: settings.heardPath, now: Timestamp.now) { error in
            logger.warning(
                "cannot write down when Telegram last responded; after a restart, open questions are repeated",
                metadata: ["path": "\(settings.heardPath)", "error": "\(error)"])
        }
        let foreignWebhook = ForeignWebhook(bot: bot, board: board, logger: logger)
        let (source, webhook) = Self.source(
            settings, context, bot, absence, foreignWebhook, board: board, counters: counters)
        self.foreignWebhook = foreignWebhook
        let texts: any Texts = English()
        let calls = WireCalls(
            state: context.client(of: "state"), library: context.client(of: "library"), board: board, logger: logger)
        let lanes = Lanes<LaneKey, Turn>()
        let parking = Parking(calls: calls, logger: logger) { source.settled($0) }
        let settled: @Sendable (Int64) -> Void = { id in
            parking.settled(id)
            ages.settled(id)
            counters.add(.updatesSettled)
        }
        self.logger = logger
        self.transport = transport
        self.source = source
        self.webhook = webhook
        self.calls = calls
        self.lanes = lanes
        self.parking = parking
        allowList = AllowList(path: settings.allowListPath, settings.allowedUsers, logger: logger)
        let directory = GroupDirectory(calls: calls, logger: logger, now: Timestamp.now)
        botID = settings.token.botID
        botProfile = BotProfile(
            bot: bot, botID: botID, path: settings.botNamePath, texts: texts, logger: logger)
        watch = ServiceWatch(calls: calls)
        let sender = Sender(
            calls: calls, bot: bot, limits: settings.sendLimits, directory: directory, counters: counters,
            logger: logger,
            now: Timestamp.now)
        renamings = RenamingMessages(calls: calls, sender: sender, texts: texts, logger: logger, now: Timestamp.now)
        self.absence = absence
        welcomes = WelcomeMessages(calls: calls, sender: sender, texts: texts, logger: logger, now: Timestamp.now)
        runner = TurnRunner(
            engine: TurnEngine(
                calls: calls, now: Timestamp.now,
                settledBefore: {
                    source.settledBefore.map { min($0, parking.lowestID ?? $0) }
                }),
            sender: sender,
            volatileEffects: VolatileEffects(calls: calls, board: board, logger: logger, settled: settled) { turn in
                _ = await lanes.submit(turn, to: turn.lane)
            },
            texts: texts, counters: counters, ages: ages, logger: logger, applied: { parking.applied($0) },
            settled: settled)
        follower = GroupFollower(
            directory: directory, allowList: allowList, sender: sender, welcomes: welcomes,
            isResumed: { parking.isResumed }, isBusy: { lanes.hasItems(in: $0) }, settled: settled)
    }

    /// The source of updates that the settings select. The second value is the same source if it is a webhook.
    private static func source(
        _ settings: GatewaySettings, _ context: ServiceContext, _ bot: TelegramBot, _ absence: Absence,
        _ foreignWebhook: ForeignWebhook, board: StatusBoard, counters: Counters
    ) -> (any UpdateSource, WebhookSource?) {
        let logger = context.logger
        let inherited = context.sockets.descriptor(named: "rivet-webhook")
        guard let webhook = settings.webhook else {
            if inherited != nil {
                logger.warning(
                    "RIVET_WEBHOOK_URL is not set, so no process serves rivet-webhook.socket; stop and disable it")
            }
            let poller = UpdatePoller(
                bot: bot,
                statusChanged: { status in
                    let status = TelegramStatus(status)
                    board.telegram(status)
                    log(status, "polling Telegram", logger)
                    if status == .conflict { foreignWebhook.conflictBegan() }
                }, answered: { absence.heard(isAll: $0) })
            return (poller, nil)
        }
        if inherited == nil, context.settings.string("INVOCATION_ID") != nil {
            logger.warning(
                "a reverse proxy may have no access, and is refused during restarts; enable rivet-webhook.socket")
        }
        let receiver = WebhookSource(
            webhook, inherited.map { .inherited(descriptor: $0) } ?? .own(webhook.listener), bot: bot,
            eventLoop: context.eventLoop, counters: counters, logger: logger,
            statusChanged: { status in
                board.telegram(status)
                log(status, "receiving by webhook", logger)
            }, heard: { absence.heard(isAll: $0) }, unreadable: { logUnreadable($0, nil, counters, logger) })
        return (receiver, receiver)
    }

    /// Opens the webhook's socket, if updates come by webhook.
    ///
    /// - Throws: if the socket cannot be opened. Trying again can help, except after a `ConfigurationError`.
    func bind() async throws { try await webhook?.bind() }

    private enum Part { case receiving, lanes, background, shutdown, patience }

    /// Runs until a graceful shutdown. Updates that are not finished then stay unsettled, and come again.
    func run() async throws {
        await withTaskGroup(of: Part.self) { group in
            addParts(to: &group)
            parts: for await part in group {
                switch part {
                case .receiving, .background: continue
                case .shutdown:
                    source.stop()
                    lanes.close()
                    group.addTask {
                        try? await Task.sleep(for: Self.patience); return .patience
                    }
                case .lanes, .patience: break parts
                }
            }
            group.cancelAll()
        }
        // Otherwise the next process would handle settled updates again.
        await parking.forgetSettled(within: .seconds(1))
        // Telegram accepts the confirmation when it arrives. The response adds nothing and may be slow.
        await source.confirmSettled(within: .seconds(1))
    }

    private func addParts(to group: inout TaskGroup<Part>) {
        group.addTask {
            await self.source.run { await self.received($0) }
            return .receiving
        }
        group.addTask {
            await self.lanes.run { await self.work($0) }
            await self.runner.sender.finish()
            return .lanes
        }
        group.addTask {
            await self.takeUpParked()
            await self.parking.run()
            return .background
        }
        let others: [@Sendable () async -> Void] = [
            runner.sender.run, runner.volatileEffects.run, watch.run, renamings.run, askAfterAbsence, botProfile.run,
            allowList.run, follower.run, follower.renew, foreignWebhook.run,
        ]
        for run in others {
            group.addTask {
                await run()
                return .background
            }
        }
        group.addTask {
            try? await gracefulShutdown()
            return .shutdown
        }
    }

    func close() async {
        await webhook?.close()
        await calls.state.shutdown()
        await calls.library.shutdown()
        transport.shutDown()
    }

    private func received(_ received: ReceivedUpdate) async {
        let (update, receivedAt) = (received.update, Timestamp.now())
        counters.add(.updatesReceived)
        ages.received(update.id)
        killPoint("gateway.received")
        stallPoint("gateway.received")
        if case .message(let message) = update.kind, follower.follow(message, update.id) { return }
        if case .unreadable(let unreadable) = update.kind {
            Self.logUnreadable(unreadable, update.id, counters, logger)
        }
        await parking.waitForResume(until: resumeDeadline)
        switch router.route(update) {
        case .ignored:
            if router.namesAnotherBot(update) { botProfile.doubt() }
            runner.settled(update.id)
        case .turn(let routed):
            var turn = follower.route(routed)
            turn.receivedAt = receivedAt
            guard parking.received(update.id, turn.lane, at: receivedAt, json: received.json) else { return }
            _ = await lanes.submit(turn, to: turn.lane)
        }
    }

    private var router: Router {
        Router(
            allowedUsers: allowList.current, groups: follower.directory.current, botName: botProfile.botName,
            botID: botID)
    }

    /// - Returns: false if the turn must be tried again, behind older updates that were resumed meanwhile.
    private func work(_ turn: Turn) async -> Bool {
        guard parking.isResumed || turn.request == .refusal else {
            await runner.wait(turn) { self.parking.isResumed }
            return false
        }
        if follower.mustLookUp(turn) {
            let isDone = Mutex(false)
            async let _: Void = {
                await follower.lookUp(turn)
                isDone.withLock { $0 = true }
            }()
            await runner.wait(turn) { isDone.withLock { $0 } }
        }
        if let turn = follower.moved(turn) {
            lanes.move(turn, to: turn.lane)
            return true
        }
        if let bot = turn.namedBot {
            // Until the bot's name is known, it is not known either whether the command is for this bot.
            await runner.wait(turn) { self.botProfile.botName != nil }
            guard let botName = botProfile.botName else { return false }
            guard bot == botName.lowercased() else {
                runner.settled(turn.updateID)
                return true
            }
        }
        await runner.work(turn)
        return true
    }

    /// Puts the updates that an earlier process parked into the lanes. A lane may be another one than that of the
    /// record, if the group became a supergroup meanwhile.
    private func takeUpParked() async {
        guard await follower.loadAll(), let parked = await parking.resume() else { return }
        for (lane, updates) in parked { for found in updates { follower.parked(found.update, in: lane) } }
        var lanesToResume: [LaneKey: [Turn]] = [:]
        for found in parked.flatMap(\.updates).sorted(by: { $0.order < $1.order }) {
            ages.received(found.update.id)
            if case .unreadable(let unreadable) = found.update.kind {
                Self.logUnreadable(unreadable, found.update.id, counters, logger)
            }
            guard case .turn(var turn) = router.route(found.update) else {
                runner.settled(found.update.id)
                continue
            }
            turn.receivedAt = found.receivedAt
            lanesToResume[turn.lane, default: []].append(turn)
        }
        for (lane, turns) in lanesToResume {
            // The lanes are closed. Without `resumed()`, no newer update is handled before the ones that are left.
            guard lanes.resume(turns, in: lane) else { return }
        }
        parking.resumed()
        let count = lanesToResume.values.reduce(0) { $0 + $1.count }
        if count > 0 { logger.notice("resuming parked updates", metadata: ["count": "\(count)"]) }
    }

    /// Logs and counts an unreadable update, without its content: once each in the life of a process.
    private static func logUnreadable(
        _ unreadable: Update.Unreadable, _ id: Int64?, _ counters: Counters, _ logger: Logger
    ) {
        counters.add(.updatesUnreadable)
        logger.warning(
            "an update cannot be read; it is settled without a reply",
            metadata: [
                "update.id": "\(id.map(String.init) ?? "none")", "kind": "\(unreadable.kind ?? "none")",
                "bytes": "\(unreadable.byteCount.map(String.init) ?? "unknown")",
            ])
    }

    private func askAfterAbsence() async {
        await welcomes.run(absence) {
            self.source.unsettledCount == 0 && self.parking.isResumed && self.parking.count == 0
        } isAllowed: {
            self.follower.mayWrite($0)
        }
    }

    /// Returns when receiving is on time: at once, unless its loop is stuck. Telegram may be unreachable, and the lanes
    /// may be full because a peer is unavailable: neither delays the pulse.
    func pulse() async {
        while source.isOverdue, !lanes.isFull, !Task.isCancelled { try? await Task.sleep(for: .milliseconds(100)) }
    }

    /// Applies the settings that need no restart.
    ///
    /// - Returns: the names of those that changed.
    func reload(_ settings: Settings) throws(ConfigurationError) -> [String] {
        let new = try GatewaySettings(settings).allowedUsers
        return allowList.reloaded(new) ? [AllowedUsersSetting.variable] : []
    }

    // MARK: - For operators

    /// Updates received since the start.
    var updatesReceived: Int64 { counters.all[Counters.Name.updatesReceived.rawValue] ?? 0 }

    private var surroundings: Surroundings {
        var surroundings = board.surroundings
        let (oldestUpdate, oldestReply) = ages.oldest()
        let now = Timestamp.now().milliseconds
        let oldestInOutbox = runner.sender.oldestQueuedAt.map { Duration.milliseconds(max(0, now - $0.milliseconds)) }
        surroundings.oldestUpdate = oldestUpdate
        surroundings.oldestReply = [oldestReply, oldestInOutbox].compactMap(\.self).max()
        if let notice = allowList.notice {
            if notice.isTrouble {
                surroundings.allowListTrouble = notice.text
            } else {
                surroundings.remark = notice.text
            }
        }
        return surroundings
    }

    private var report: HealthReport {
        let surroundings = surroundings
        var counters = counters.all
        counters["replies.oldest_owed_age_s"] = surroundings.oldestReply?.components.seconds ?? 0
        counters["updates.oldest_waiting_age_s"] = surroundings.oldestUpdate?.components.seconds ?? 0
        counters["lanes.open"] = Int64(lanes.laneCount)
        counters["outbox.lanes"] = Int64(runner.sender.laneCount)
        counters["updates.unsettled"] = Int64(source.unsettledCount)
        counters["updates.parked"] = Int64(parking.count)
        return HealthReport(
            surroundings.status, counters: counters, histograms: self.counters.histograms, detail: surroundings.detail)
    }

    /// The health of the gateway. Each call starts a check of the peers; a later report has its result.
    func reportHealth() -> HealthReport {
        board.doubt()
        return report
    }

    /// For `systemctl status`.
    var statusLine: String {
        let waiting = source.unsettledCount
        let waitingChats = runner.sender.laneCount
        let surroundings = surroundings
        let parts = [surroundings.status == .ok ? source.activity : nil, surroundings.detail].compactMap(\.self)
        var line = parts.joined(separator: "; ")
        if waiting > 0 { line += "; \(waiting) updates in progress" }
        if source.isFull { line += ", so new messages wait at Telegram" }
        let parked = parking.count
        if parked > 0 { line += "; \(parked) updates parked" }
        if waitingChats > 0 { line += "; replies wait for \(waitingChats) chats" }
        return line
    }

    /// - Parameter activity: what the gateway does while receiving works.
    private static func log(_ status: TelegramStatus, _ activity: String, _ logger: Logger) {
        var surroundings = Surroundings()
        surroundings.telegram = status
        if let detail = surroundings.detail {
            logger.warning("receiving is interrupted", metadata: ["reason": "\(detail)"])
        } else {
            logger.notice("receiving updates", metadata: ["how": "\(activity)"])
        }
    }
}
