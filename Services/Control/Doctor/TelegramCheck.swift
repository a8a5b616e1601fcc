import Contracts
import ServiceKit
import TelegramBotAPI

/// Checks whether Telegram can be reached and accepts the token.
struct TelegramCheck {
    typealias Outcome = (findings: [Finding], readings: [ClockCheck.Reading])

    var setUp: SetUp
    /// Whether a gateway answers. A gateway does not start without a token, so one that answers has a token.
    var gatewayAnswers: Bool
    var timeout: Duration

    private static let tokenPlaces = "TELEGRAM_BOT_TOKEN, or the credential telegram-bot-token"

    func findings() async -> Outcome {
        let settings: Settings
        do throws(CommandFailure) { settings = try await setUp.settings(of: .gateway) } catch {
            return ([Self.unread(error)], [])
        }
        let telegram: TelegramAccess
        do throws(ConfigurationError) { telegram = try TelegramAccess(settings) } catch {
            return (
                [
                    .failure(
                        "token", "\(error)", nextStep: "Correct it, then restart rivet-gateway",
                        exitCode: ExitCodes.configuration)
                ], []
            )
        }
        guard let token = telegram.token else { return ([missing], []) }
        async let reading = clock(telegram.url.text)
        var findings = [await ask(token, telegram)]
        if findings[0].level == .ok, let finding = await webhook(token, telegram, settings) { findings.append(finding) }
        return (findings, (await reading).map { [$0] } ?? [])
    }

    private static func unread(_ failure: CommandFailure) -> Finding {
        if failure.takesRoot { return .skipped("token", failure.cause, nextStep: failure.nextStep ?? "Use sudo") }
        return .skipped("token", "the settings cannot be read", nextStep: "Correct them first: \(failure.cause)")
    }

    private var missing: Finding {
        if case .local = setUp.kind, gatewayAnswers {
            return .skipped(
                "token", "rivet-gateway has it from its own environment, which this command cannot read",
                nextStep: "See the finding on rivet-gateway below; or set TELEGRAM_BOT_TOKEN here, too")
        }
        return .failure(
            "token", "there is none in \(setUp.source(of: .gateway))",
            nextStep: "Put the token that @BotFather gave you into \(Self.tokenPlaces), then restart rivet-gateway",
            exitCode: ExitCodes.configuration)
    }

    private func ask(_ token: BotToken, _ telegram: TelegramAccess) async -> Finding {
        let url = telegram.url
        let answer = await telegram.ask(with: token, within: timeout) { bot throws(TelegramError) in
            let me = try await bot.getMe()
            return me.username.map { "@" + $0 } ?? "the bot"
        }
        switch answer {
        case .success(let name)?: return .ok("token", "Telegram accepts it: \(name)")
        case .failure(.unauthorized)?:
            return .failure(
                "token", "Telegram rejects it (401)",
                nextStep: "Put the right token into \(Self.tokenPlaces), then restart "
                    + "rivet-gateway; no update is lost meanwhile", exitCode: ExitCodes.configuration)
        case .failure(.tooManyRequests(let retryAfter))?:
            return .warning(
                "token", "Telegram tells this token to wait \(retryAfter.components.seconds) s (429)",
                nextStep: "Wait, and run this again; does another program use this token?")
        case .failure(let error)?: return Self.away("\(url) did not answer getMe: \(error)", url)
        case nil: return Self.away("\(url) did not answer getMe within \(timeout.text)", url)
        }
    }

    /// Whether Telegram delivers as the settings say. Nil if Telegram does not answer, which the check of the token has
    /// reported.
    private func webhook(_ token: BotToken, _ telegram: TelegramAccess, _ settings: Settings) async -> Finding? {
        let (ours, hasSecret): (WebhookURL?, Bool)
        // The settings check reports a wrong address.
        do throws(ConfigurationError) { ours = try TelegramAccess.webhook(settings) } catch { return nil }
        do throws(ConfigurationError) { hasSecret = try TelegramAccess.hasWebhookSecret(settings) } catch {
            return .failure("webhook", CommandFailure(error))
        }
        if ours != nil, !hasSecret {
            return .failure(
                "webhook", "RIVET_WEBHOOK_URL is set and there is no secret, so rivet-gateway does not start",
                nextStep: "Make one with `openssl rand -hex 32` and put it into RIVET_WEBHOOK_SECRET or the credential "
                    + "webhook-secret, then restart rivet-gateway",
                exitCode: ExitCodes.configuration)
        }
        let answer = await telegram.ask(with: token, within: timeout) { bot throws(TelegramError) in
            try await bot.getWebhookInfo()
        }
        guard case .success(let info)? = answer else { return nil }
        return Self.finding(info, ours: ours)
    }

    /// - Parameter ours: the webhook of the settings; nil if updates are polled.
    static func finding(_ info: WebhookInfo, ours: WebhookURL?) -> Finding {
        guard let ours else {
            guard let address = info.address else { return .ok("webhook", "none is set; Telegram answers polls") }
            return .failure(
                "webhook", "one is set at \(address), so Telegram answers no poll",
                nextStep: "If no other program needs it (Rivet sets one while RIVET_WEBHOOK_URL is set): "
                    + "rivetctl webhook delete")
        }
        guard info.url == ours.text else {
            return .failure(
                "webhook", "RIVET_WEBHOOK_URL is set, and Telegram has \(info.address.map { "\($0)" } ?? "none")",
                nextStep: "rivet-gateway sets it while it runs: see systemctl status rivet-gateway")
        }
        if let failure = info.lastFailure, info.pendingCount > 0 {
            return .warning(
                "webhook", "\(info.pendingCount) updates wait; the last failed delivery: \(failure.reason)",
                nextStep: "Check the reverse proxy, its certificate and its log")
        }
        return .ok("webhook", "Telegram delivers to \(ours)")
    }

    private static func away(_ cause: String, _ url: BotServerURL) -> Finding {
        if url.text.hasPrefix("https://"), CertificateAuthorities.areMissing {
            return .failure(
                "token", "\(cause); there is no \(CertificateAuthorities.path), without which no server can be trusted",
                nextStep: CertificateAuthorities.nextStep, exitCode: ExitCodes.unreachable)
        }
        return .failure(
            "token", cause, nextStep: "Check the network and TELEGRAM_API_URL; updates wait at Telegram for 24 h",
            exitCode: ExitCodes.unreachable)
    }

    private func clock(_ url: String) async -> ClockCheck.Reading? {
        let before = Timestamp.now()
        guard let seconds = await ServerClock.secondsSince1970(url: url, timeout: timeout) else { return nil }
        let here = ClockCheck.middle(before, .now())
        // The Date header is truncated to the second, so on average it is half a second behind.
        return .init(
            place: "Telegram", ahead: .milliseconds(seconds * 1_000 + 500 - here.milliseconds), precision: .seconds(1))
    }
}
