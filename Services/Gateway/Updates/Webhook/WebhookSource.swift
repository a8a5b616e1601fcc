import Contracts
import Logging
import NIOCore
import Synchronization
import TelegramBotAPI

/// Receives the updates that Telegram delivers to the gateway's webhook. A request gets its response when its update is
/// settled or parked. If that takes too long, the response is 503; Telegram delivers the update again, and the new
/// request waits for the same work.
final class WebhookSource: UpdateSource {
    private let server: WebhookServer
    private let desk: WebhookDesk
    private let registration: WebhookRegistration
    private let counters: Counters
    private let heard: @Sendable (_ isAll: Bool) -> Void
    private let unreadable: @Sendable (Update.Unreadable) -> Void
    private let stops: AsyncStream<Void>
    private let stopped: AsyncStream<Void>.Continuation
    /// By when the loop must have handed over the current update; nil if there is none.
    private let handedOverBy = Mutex<ContinuousClock.Instant?>(nil)

    /// - Parameters:
    ///   - statusChanged: called once for each change.
    ///   - heard: called when Telegram delivers or responds. `isAll`: no more updates wait there.
    ///   - unreadable: called for a body without an update id, which counts as settled.
    init(
        _ settings: WebhookSettings, _ listener: WebhookServer.Listener, bot: TelegramBot, eventLoop: any EventLoop,
        counters: Counters, logger: Logger, statusChanged: @escaping @Sendable (TelegramStatus) -> Void,
        heard: @escaping @Sendable (_ isAll: Bool) -> Void,
        unreadable: @escaping @Sendable (Update.Unreadable) -> Void
    ) {
        let desk = WebhookDesk()
        self.desk = desk
        self.counters = counters
        self.heard = heard
        self.unreadable = unreadable
        server = WebhookServer(
            listener, gate: WebhookGate(path: settings.url.path, secret: settings.secret),
            answerMax: settings.answerMax, eventLoop: eventLoop)
        registration = WebhookRegistration(
            bot: bot, url: settings.url, secret: settings.secret, logger: logger,
            openCount: { desk.waitingCount }, statusChanged: statusChanged, heard: heard)
        (stops, stopped) = AsyncStream.makeStream()
    }

    /// Listens. Connections wait for ``run(handle:)``.
    func bind() async throws { try await server.bind(self) }

    /// Closes what ``bind()`` opened, even without a run.
    func close() async { await server.close(within: .zero) }

    var activity: String { "receiving from Telegram by webhook" }

    /// Nil: one chat's updates may be delivered again for a day, even after newer updates of other chats are settled.
    var settledBefore: Int64? { nil }

    var unsettledCount: Int { desk.unsettledCount }
    var isFull: Bool { desk.isFull }
    var isOverdue: Bool { handedOverBy.withLock { $0 }.map { $0 < .now } ?? false }

    func run(handle: @escaping @Sendable (ReceivedUpdate) async -> Void) async {
        server.accept()
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for await update in self.desk.arrivals {
                    if Task.isCancelled { return }
                    self.handedOverBy.withLock { $0 = .now + WebhookLimits.latenessMax }
                    await handle(update)
                    self.handedOverBy.withLock { $0 = nil }
                }
            }
            group.addTask { await self.registration.run() }
            group.addTask { for await _ in self.stops {} }
            await group.next()
            group.cancelAll()
        }
        handedOverBy.withLock { $0 = nil }
    }

    func stop() {
        server.stop()
        desk.stop()
        stopped.finish()
    }

    func settled(_ id: Int64) { desk.settled(id) }

    func confirmSettled(within deadline: Duration) async {
        desk.giveUp()
        await server.close(within: deadline)
    }
}

extension WebhookSource: WebhookReceiving {
    func received(
        _ body: [UInt8], request: Int, answer: @escaping @Sendable (WebhookAnswer) -> Void
    ) -> WebhookAnswer? {
        registration.delivered()
        heard(false)
        guard let update = ReceivedUpdate(webhookBody: body) else {
            // Otherwise Telegram would deliver it again for a day.
            unreadable(Update.Unreadable(kind: nil, byteCount: body.count))
            return .settled
        }
        let outcome = desk.received(update, request: request, answer: answer)
        if outcome == .tryAgain { counters.add(.webhookDeferred) }
        return outcome
    }

    func ended(request: Int) {
        counters.add(.webhookDeferred)
        desk.ended(request: request)
    }

    func refused(_ answer: WebhookAnswer) {
        counters.add(.webhookRefused)
        if answer == .noSecret { registration.doubt() }
    }
}
