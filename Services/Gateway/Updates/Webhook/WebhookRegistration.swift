import Contracts
import Logging
import ServiceKit
import Synchronization
import TelegramBotAPI

/// Keeps the gateway's webhook set at Telegram, and reports whether Telegram delivers to it.
///
/// The webhook is set only if Telegram has something else: otherwise several hosts that share one address would all set
/// it at each start, and Telegram would respond with 429.
final class WebhookRegistration: Sendable {
    /// The time between two checks while Telegram delivers, and while it does not.
    static let interval: Duration = .seconds(30)
    static let troubledInterval: Duration = .seconds(3)
    /// The longest wait between two checks that a server's `retry_after` can ask for.
    static let pauseMax: Duration = .seconds(300)

    private let bot: TelegramBot
    private let url: WebhookURL
    private let secret: WebhookSecret
    private let logger: Logger
    private let openCount: @Sendable () -> Int
    private let statusChanged: @Sendable (TelegramStatus) -> Void
    private let heard: @Sendable (_ isAll: Bool) -> Void
    private let plan: Mutex<WebhookPlan>
    private let status = Mutex<TelegramStatus?>(nil)
    private let doubts: AsyncStream<Void>
    private let doubted: AsyncStream<Void>.Continuation

    /// - Parameters:
    ///   - openCount: the number of requests that wait for their updates.
    ///   - statusChanged: called once for each change.
    ///   - heard: called when Telegram has responded and delivers. `isAll`: no more updates wait there.
    init(
        bot: TelegramBot, url: WebhookURL, secret: WebhookSecret, logger: Logger,
        openCount: @escaping @Sendable () -> Int, statusChanged: @escaping @Sendable (TelegramStatus) -> Void,
        heard: @escaping @Sendable (_ isAll: Bool) -> Void
    ) {
        self.bot = bot
        self.url = url
        self.secret = secret
        self.logger = logger
        self.openCount = openCount
        self.statusChanged = statusChanged
        self.heard = heard
        plan = Mutex(WebhookPlan(url: url))
        (doubts, doubted) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Telegram came with the right secret.
    func delivered(at now: Timestamp = .now()) {
        plan.withLock { plan in
            plan.heardAt = now.milliseconds / 1_000
            plan.isSecretTold = false
        }
    }

    /// A request came without the right secret, perhaps from Telegram with an earlier one. Checks soon.
    func doubt() { doubted.yield() }

    /// Runs until cancelled.
    func run() async {
        var backoff = Backoff(base: .seconds(1), cap: Self.interval)
        var random = SystemRandomNumberGenerator()
        while !Task.isCancelled {
            let pause: Duration
            do throws(TelegramError) {
                pause = try await check() ? Self.interval : Self.troubledInterval
                backoff.succeeded()
            } catch {
                if Task.isCancelled { return }
                let wait = backoff.failed(using: &random)
                if case .tooManyRequests(let retryAfter) = error {
                    pause = max(wait, min(retryAfter, Self.pauseMax))
                } else {
                    pause = wait
                }
                reportFailure(error)
            }
            await wait(pause)
        }
    }

    private func report(_ new: TelegramStatus) {
        let isNew = status.withLock { status in
            defer { status = new }
            return status != new
        }
        if isNew { statusChanged(new) }
    }

    private func reportFailure(_ error: TelegramError) {
        switch error {
        case .badRequest(let request): report(.webhookRefused("\(request)"))
        default: report(TelegramStatus(error))
        }
    }

    /// - Returns: whether the webhook is as it should be, and all updates that wait are being delivered.
    private func check() async throws(TelegramError) -> Bool {
        let info = try await bot.getWebhookInfo()
        switch plan.withLock({ $0.action(for: info, openCount: openCount()) }) {
        case .set(let reason):
            try await bot.setWebhook(url, secret: secret)
            plan.withLock { plan in
                plan.setAt = Timestamp.now().milliseconds / 1_000
                if reason == .secretRefused { plan.isSecretTold = true }
            }
            log(reason)
            report(.receiving)
            return false
        case .deliver(let isAll):
            report(.receiving)
            if isAll { heard(true) }
            return isAll
        case .undelivered(let reason):
            report(.undelivered(reason))
            return false
        }
    }

    private func log(_ reason: WebhookPlan.Reason) {
        let webhook: Logger.Metadata = ["webhook": "\(url)"]
        switch reason {
        case .unset: logger.notice("the webhook is set", metadata: webhook)
        case .different: logger.notice("the webhook is set again: Telegram had other options", metadata: webhook)
        case .secretRefused:
            logger.notice("the webhook is set again: Telegram came with another secret", metadata: webhook)
        case .foreign(let address):
            logger.warning(
                "the webhook replaces another one; if this repeats, two programs use this bot's token",
                metadata: webhook.merging(["replaced": "\(address)"]) { own, _ in own })
        }
    }

    /// Waits for `pause`, or until ``doubt()`` is called, but for at least a second.
    private func wait(_ pause: Duration) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await Task.sleep(for: pause) }
            group.addTask {
                try? await Task.sleep(for: .seconds(1))
                for await _ in self.doubts { return }
            }
            await group.next()
            group.cancelAll()
        }
    }
}
