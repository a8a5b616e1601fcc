import ArgumentParser
import ServiceKit
import TelegramBotAPI

/// The options of both subcommands.
struct WebhookOptions: ParsableArguments {
    @OptionGroup var setUp: SetUpOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    @Option(
        help: ArgumentHelp("How long to wait for Telegram's response: 750ms, 2s. (default: 10s)", valueName: "time"),
        transform: TimeLimit.parse)
    var timeout: TimeLimit?

    /// What a call to Telegram needs.
    struct Access {
        var telegram: TelegramAccess
        var token: BotToken
        /// The webhook in the settings; nil if the gateway polls for updates.
        var webhook: WebhookURL?
        var timeout: Duration

        /// Makes a call to the Bot API.
        /// - Throws: when Telegram returns an error, or does not respond in time.
        func ask<Value: Sendable>(
            _ call: @escaping @Sendable (TelegramBot) async throws(TelegramError) -> Value
        ) async throws(CommandFailure) -> Value {
            switch await telegram.ask(with: token, within: timeout, call) {
            case .success(let value)?: return value
            case .failure(.unauthorized)?:
                throw CommandFailure(
                    "Telegram rejects the token (401)", nextStep: "rivetctl doctor says more",
                    exitCode: ExitCodes.configuration)
            case .failure(let error)?: throw Self.away("the call to \(telegram.url) failed: \(error)")
            case nil: throw Self.away("\(telegram.url) did not answer within \(timeout.text)")
            }
        }

        private static func away(_ cause: String) -> CommandFailure {
            CommandFailure(
                cause, nextStep: "Check the network and TELEGRAM_API_URL", exitCode: ExitCodes.unreachable)
        }
    }

    /// Reads the settings.
    /// - Throws: when the settings cannot be read, or have no token.
    func access() async throws(CommandFailure) -> Access {
        let setUp = setUp.setUp()
        let settings = try await setUp.settings(of: .gateway)
        do throws(ConfigurationError) {
            let telegram = try TelegramAccess(settings)
            guard let token = telegram.token else {
                throw ConfigurationError(
                    name: "TELEGRAM_BOT_TOKEN", accepted: "there is none in \(setUp.source(of: .gateway))")
            }
            return Access(
                telegram: telegram, token: token, webhook: try TelegramAccess.webhook(settings),
                timeout: timeout?.duration ?? .seconds(10))
        } catch { throw CommandFailure(error) }
    }
}
