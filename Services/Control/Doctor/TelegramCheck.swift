import Contracts
import Logging
import ServiceKit
import TelegramBotAPI

/// Whether Telegram can be reached and takes the token.
struct TelegramCheck {
    typealias Outcome = (findings: [Finding], readings: [ClockCheck.Reading])

    var setUp: SetUp
    /// A gateway does not start without a token, so it has one.
    var gatewayAnswers: Bool
    var timeout: Duration

    private static let tokenPlaces = "TELEGRAM_BOT_TOKEN, or the credential telegram-bot-token"

    func findings() async -> Outcome {
        let settings: Settings
        do throws(CommandFailure) { settings = try await setUp.settings(of: .gateway) } catch {
            return ([Self.unread(error)], [])
        }
        let url: BotServerURL
        let token: BotToken?
        do throws(ConfigurationError) {
            url =
                try settings.parsed(
                    "TELEGRAM_API_URL", accepted: "the URL of a Bot API server, https://…",
                    as: { text throws(BotServerURL.Malformed) in try BotServerURL(text) }) ?? .telegram
            token = try settings.secret(
                "TELEGRAM_BOT_TOKEN", credential: "telegram-bot-token",
                as: { text throws(MalformedBotToken) in try BotToken(text) })
        } catch {
            return (
                [
                    .failure(
                        "token", "\(error)", nextStep: "Correct it, then restart rivet-gateway",
                        exitCode: ExitCodes.configuration)
                ], []
            )
        }
        guard let token else { return ([missing], []) }
        async let reading = clock(url.text)
        let finding = await ask(token, url)
        return ([finding], (await reading).map { [$0] } ?? [])
    }

    private static func unread(_ failure: CommandFailure) -> Finding {
        if failure.takesRoot { return .skipped("token", failure.cause, nextStep: failure.nextStep ?? "Use sudo") }
        return .skipped("token", "the settings cannot be read", nextStep: "Correct them first: \(failure.cause)")
    }

    private var missing: Finding {
        if case .local = setUp.kind, gatewayAnswers {
            return .skipped(
                "token", "rivet-gateway has it from the environment it was started in, and this command is in another",
                nextStep: "What rivet-gateway says of it is below; or set TELEGRAM_BOT_TOKEN here, too")
        }
        return .failure(
            "token", "there is none in \(setUp.source(of: .gateway))",
            nextStep: "Put the one that @BotFather gave into \(Self.tokenPlaces), then restart rivet-gateway",
            exitCode: ExitCodes.configuration)
    }

    private func ask(_ token: BotToken, _ url: BotServerURL) async -> Finding {
        let transport = CurlTransport()
        defer { transport.shutDown() }
        let bot = TelegramBot(
            baseURL: url.text, token: token, transport: transport,
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
                nextStep: "Put the right one into \(Self.tokenPlaces), then restart "
                    + "rivet-gateway; no update is lost meanwhile", exitCode: ExitCodes.configuration)
        case .failure(.tooManyRequests(let retryAfter))?:
            return .warning(
                "token", "Telegram asks to wait \(retryAfter.components.seconds) s (429)",
                nextStep: "Wait, and run this again; does another program use this token?")
        case .failure(let error)?: return Self.away("\(url) gave no answer to getMe: \(error)", url)
        case nil: return Self.away("\(url) gave no answer to getMe within \(timeout.text)", url)
        }
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
        // The header is cut to the second.
        return .init(
            place: "Telegram", ahead: .milliseconds(seconds * 1_000 + 500 - here.milliseconds), precision: .seconds(1))
    }
}
