import Contracts
import TelegramBotAPI

/// What the gateway knows of Telegram and its peers, and how long updates and replies have waited.
struct Surroundings: Sendable, Equatable {
    /// The gateway is degraded if a reply or an update has waited longer.
    static let waitMax: Duration = .seconds(60)

    /// Nil before the first response or failure.
    var telegram: TelegramStatus?
    /// The webhook because of which Telegram refuses polls, if there is one.
    var foreignWebhook: WebhookAddress?
    /// Why a peer does not serve calls.
    var away: [ServiceName: String] = [:]
    /// How many updates wait for a durable tier.
    var volatileUpdates = 0
    /// The age of the oldest one; nil if there is none.
    var oldestReply: Duration?
    var oldestUpdate: Duration?
    /// Why people are refused whom the settings let in.
    var allowListTrouble: String?
    /// What an operator should know although there is no trouble.
    var remark: String?

    var status: ServiceHealth.Status { troubles.isEmpty ? .ok : .degraded }

    /// The troubles with what to do about each, and the remark; nil if there are none.
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
                    "a webhook is set at \(foreignWebhook), so Telegram refuses polling (409): if another program uses "
                        + "it, stop that first; then delete it with rivetctl webhook delete, even if Rivet set it "
                        + "before RIVET_WEBHOOK_URL was removed; polling then resumes by itself")
            } else {
                parts.append(
                    "another poller uses this bot's token, or a webhook is set (409): stop the other one or delete the "
                        + "webhook; polling then resumes by itself")
            }
        case .paused(let duration): parts.append("Telegram asked to wait \(duration.components.seconds) s (429)")
        case .unreachable(let reason):
            parts.append("Telegram cannot be reached: \(reason); check the network and TELEGRAM_API_URL")
        case .webhookRefused(let reason):
            parts.append(
                "Telegram refuses the webhook (\(reason)): correct RIVET_WEBHOOK_URL and restart rivet-gateway; "
                    + "updates wait at Telegram meanwhile")
        case .undelivered(let reason):
            parts.append(
                "Telegram cannot deliver to the webhook (\(reason)): check the reverse proxy, its certificate and its "
                    + "log; Telegram tries again, and updates wait there meanwhile")
        }
        for service in ServiceName.allCases {
            guard let reason = away[service] else { continue }
            parts.append(
                "rivet-\(service.rawValue) does not do what it is asked (\(reason)): see rivetctl health and systemctl "
                    + "status rivet-\(service.rawValue); updates wait meanwhile")
        }
        if volatileUpdates > 0 {
            parts.append("\(volatileUpdates) updates are in memory only: rivetctl health shows the unavailable tier")
        }
        if let oldestReply, oldestReply > Self.waitMax {
            parts.append("the oldest owed reply has waited \(oldestReply.components.seconds) s to be sent")
        }
        if let oldestUpdate, oldestUpdate > Self.waitMax {
            parts.append("the oldest update has waited \(oldestUpdate.components.seconds) s to be handled")
        }
        if let allowListTrouble { parts.append(allowListTrouble) }
        return parts
    }
}
