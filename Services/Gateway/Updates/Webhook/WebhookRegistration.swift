import Contracts
import Logging
import ServiceKit
import Synchronization
import TelegramBotAPI

/// Sees to it that Telegram delivers to our webhook, and tells how that goes.
///
/// Telegram is told of the webhook only if what it knows differs: several hosts that share one address would else tell it again and
/// again, and be answered 429.
final class WebhookRegistration: Sendable {
    /// Between two looks while all is well, and while it is not.
    static let interval: Duration = .seconds(30)
    static let troubledInterval: Duration = .seconds(3)
    /// The longest that a server's `retry_after` keeps from looking.
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
    ///   - openCount: how many requests are being dealt with.
    ///   - statusChanged: called once for each change.
    ///   - heard: told when Telegram has answered and delivers. `isAll`: nothing more waits there.
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

    /// Telegram came with our secret.
    func delivered(at now: Timestamp = .now()) {
        plan.withLock { plan in
            plan.heardAt = now.milliseconds / 1_000
            plan.isSecretTold = false
        }
    }

    /// Somebody came without it: perhaps Telegram, with an earlier one. Looks soon.
    func doubt() { doubted.yield() }

    /// Until cancelled.
    func run() async {
        var backoff = Backoff(base: .seconds(1), cap: Self.interval)
        var random = SystemRandomNumberGenerator()
        while !Task.isCancelled {
            let pause: Duration
            do throws(TelegramError) {
                pause = try await look() ? Self.interval : Self.troubledInterval
                backoff.succeeded()
            } catch {
                if Task.isCancelled { return }
                let wait = backoff.failed(using: &random)
                if case .tooManyRequests(let retryAfter) = error {
                    pause = max(wait, min(retryAfter, Self.pauseMax))
                } else {
                    pause = wait
                }
                tell(error)
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

    private func tell(_ error: TelegramError) {
        switch error {
        case .badRequest(let request): report(.webhookRefused("\(request)"))
        default: report(TelegramStatus(error))
        }
    }

    /// - Returns: whether all is well, and nothing is waited for.
    private func look() async throws(TelegramError) -> Bool {
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
        let ours: Logger.Metadata = ["webhook": "\(url)"]
        switch reason {
        case .unset: logger.notice("the webhook is set", metadata: ours)
        case .different: logger.notice("the webhook is set again, with other options", metadata: ours)
        case .secretRefused:
            logger.notice("the webhook is set again: Telegram came with another secret", metadata: ours)
        case .foreign(let address):
            logger.warning(
                "the webhook replaces another one; if it is set again, two programs use this bot's token",
                metadata: ours.merging(["replaced": "\(address)"]) { own, _ in own })
        }
    }

    /// For `pause`, or until there is a doubt, but not for less than a second.
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
