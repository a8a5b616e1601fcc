import Contracts
import Logging
import ServiceKit
import TelegramBotAPI

/// Whether Telegram can be reached and takes the token.
struct TelegramCheck {
    var settings: Settings
    var timeout: Duration

    private static let token = "TELEGRAM_BOT_TOKEN, or the credential telegram-bot-token"

    func findings() async -> (findings: [Finding], readings: [ClockCheck.Reading]) {
        let url = settings.string("TELEGRAM_API_URL") ?? "https://api.telegram.org"
        guard url.hasPrefix("https://") || url.hasPrefix("http://") else {
            return (
                [
                    .failure(
                        "token", "TELEGRAM_API_URL is \"\(url)\"; accepted is the URL of a Bot API server, https://…",
                        nextStep: "Mend it, then restart rivet-gateway", exitCode: ExitCodes.configuration)
                ], []
            )
        }
        let secret: String?
        do throws(ConfigurationError) {
            secret = try settings.secret("TELEGRAM_BOT_TOKEN", credential: "telegram-bot-token")
        } catch { return ([.failure("token", CommandFailure(error))], []) }
        guard let secret else {
            return (
                [
                    .failure(
                        "token", "there is none",
                        nextStep:
                            "Put the one that @BotFather gave into \(Self.token); is it a credential, use sudo while "
                            + "rivet-gateway runs", exitCode: ExitCodes.configuration)
                ], []
            )
        }
        async let reading = clock(url)
        let finding = await ask(TelegramBotAPI.BotToken(secret), url)
        return ([finding], (await reading).map { [$0] } ?? [])
    }

    private func ask(_ token: BotToken, _ url: String) async -> Finding {
        let transport = CurlTransport()
        defer { transport.shutDown() }
        let bot = TelegramBot(
            baseURL: url, token: token, transport: transport,
            logger: Logger(label: "rivetctl") { _ in SwiftLogNoOpLogHandler() })
        let answer = await withTaskGroup(of: Result<String, TelegramError>?.self) { group in
            group.addTask {
                do throws(TelegramError) {
                    let me = try await bot.getMe()
                    return .success(me.username.map { "@" + $0 } ?? "the bot")
                } catch { return .failure(error) }
            }
            group.addTask {
                try? await Task.sleep(for: timeout)
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
        switch answer {
        case .success(let name)?: return .ok("token", "Telegram takes it: \(name)")
        case .failure(.unauthorized)?:
            return .failure(
                "token", "Telegram refuses it (401)",
                nextStep: "Put the right one into \(Self.token), then restart "
                    + "rivet-gateway; no update is lost meanwhile", exitCode: ExitCodes.configuration)
        case .failure(.tooManyRequests(let retryAfter))?:
            return .warning(
                "token", "Telegram asks to wait \(retryAfter.components.seconds) s (429)",
                nextStep: "Wait, and run this again; does another program use this token?")
        case .failure(let error)?:
            return .failure(
                "token", "\(url) gave no answer to getMe: \(error)",
                nextStep: "Check the network and TELEGRAM_API_URL; updates wait at Telegram for 24 h",
                exitCode: ExitCodes.unreachable)
        case nil:
            return .failure(
                "token", "\(url) gave no answer to getMe within \(timeout.text)",
                nextStep: "Check the network and TELEGRAM_API_URL; updates wait at Telegram for 24 h",
                exitCode: ExitCodes.unreachable)
        }
    }

    private func clock(_ url: String) async -> ClockCheck.Reading? {
        let before = Timestamp.now()
        guard let seconds = await ServerClock.secondsSince1970(url: url, timeout: timeout) else { return nil }
        let here = ClockCheck.middle(before, .now())
        // The header is cut to the second.
        return .init(
            place: "Telegram", ahead: .milliseconds(seconds * 1_000 + 500 - here.milliseconds), precision: .seconds(1))
    }
}
