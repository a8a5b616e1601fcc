import Contracts
import TelegramBotAPI

/// What is known of those that the gateway depends on, and of what it owes.
struct Surroundings: Sendable, Equatable {
    /// A reply, or an update, that has waited longer makes the gateway degraded.
    static let waitMax: Duration = .seconds(60)

    /// Nil before the first answer, or failure.
    var telegram: TelegramStatus?
    /// The webhook that keeps polls from being answered, if there is one.
    var foreignWebhook: WebhookAddress?
    /// Why a service does not do what it is asked.
    var away: [ServiceName: String] = [:]
    /// How many updates wait for a durable tier.
    var volatileUpdates = 0
    /// Ages; nil when there is none.
    var oldestReply: Duration?
    var oldestUpdate: Duration?
    /// What keeps people out who should be let in.
    var allowListTrouble: String?
    /// What an operator should know although all is well.
    var remark: String?

    var status: ServiceHealth.Status { troubles.isEmpty ? .ok : .degraded }

    /// What is the matter and what to do about it; nil if there is nothing to say.
    var detail: String? {
        let parts = troubles + (remark.map { [$0] } ?? [])
        return parts.isEmpty ? nil : parts.joined(separator: "; ")
    }

    private var troubles: [String] {
        var parts: [String] = []
        switch telegram {
        case nil: parts.append("connecting to Telegram")
        case .receiving: break
        case .unauthorized:
            parts.append(
                "Telegram refuses the token (401): put the right one into TELEGRAM_BOT_TOKEN or the credential "
                    + "telegram-bot-token and restart rivet-gateway; no update is lost meanwhile")
        case .conflict:
            if let foreignWebhook {
                parts.append(
                    "a webhook is set at \(foreignWebhook), so Telegram answers no poll (409): rivetctl webhook delete takes "
                        + "it away, also one that Rivet set itself before RIVET_WEBHOOK_URL was taken out; stop the other "
                        + "program first if there is one; polling goes on by itself then")
            } else {
                parts.append(
                    "another poller uses this bot's token, or a webhook is set (409): stop the other one or delete the "
                        + "webhook; polling goes on by itself then")
            }
        case .paused(let duration): parts.append("Telegram asked to wait \(duration.components.seconds) s (429)")
        case .unreachable(let reason):
            parts.append("Telegram cannot be reached: \(reason); check the network and TELEGRAM_API_URL")
        case .webhookRefused(let reason):
            parts.append(
                "Telegram refuses the webhook (\(reason)): correct RIVET_WEBHOOK_URL and restart rivet-gateway; updates wait "
                    + "at Telegram meanwhile")
        case .undelivered(let reason):
            parts.append(
                "Telegram cannot deliver to the webhook (\(reason)): check the reverse proxy, its certificate and its log; "
                    + "Telegram tries again, and updates wait there meanwhile")
        }
        for service in ServiceName.allCases {
            guard let reason = away[service] else { continue }
            parts.append(
                "rivet-\(service.rawValue) does not do what it is asked (\(reason)): see rivetctl health and systemctl "
                    + "status rivet-\(service.rawValue); updates wait meanwhile")
        }
        if volatileUpdates > 0 {
            parts.append("\(volatileUpdates) updates are in memory only: see rivetctl health for the tier that is away")
        }
        if let oldestReply, oldestReply > Self.waitMax {
            parts.append("the oldest owed reply has waited \(oldestReply.components.seconds) s to be sent")
        }
        if let oldestUpdate, oldestUpdate > Self.waitMax {
            parts.append("the oldest update has waited \(oldestUpdate.components.seconds) s to be dealt with")
        }
        if let allowListTrouble { parts.append(allowListTrouble) }
        return parts
    }
}
