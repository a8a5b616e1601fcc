import Contracts
import Synchronization
import TelegramBotAPI

/// What is known of those that the gateway depends on.
struct Surroundings: Sendable, Equatable {
    /// Nil before the first answer, or failure.
    var telegram: PollerStatus?
    /// Why a service is away.
    var away: [ServiceName: String] = [:]
    /// How many updates wait for a durable tier.
    var owedUpdates = 0

    var status: ServiceHealth.Status { detail == nil ? .ok : .degraded }

    /// What is the matter and what to do about it; nil if nothing is.
    var detail: String? {
        var parts: [String] = []
        switch telegram {
        case nil: parts.append("connecting to Telegram")
        case .polling: break
        case .unauthorized:
            parts.append(
                "Telegram refuses the token (401): put the right one into TELEGRAM_BOT_TOKEN or the credential "
                    + "telegram-bot-token and restart rivet-gateway; no update is lost meanwhile")
        case .conflict:
            parts.append(
                "another poller uses this bot's token, or a webhook is set (409): stop the other one or delete the "
                    + "webhook; polling goes on by itself then")
        case .paused(let duration): parts.append("Telegram asked to wait \(duration.components.seconds) s (429)")
        case .unreachable(let reason):
            parts.append("Telegram cannot be reached: \(reason); check the network and TELEGRAM_API_URL")
        }
        for service in ServiceName.allCases {
            guard let reason = away[service] else { continue }
            parts.append(
                "rivet-\(service.rawValue) does not answer (\(reason)): see systemctl status "
                    + "rivet-\(service.rawValue); updates wait meanwhile")
        }
        if owedUpdates > 0 {
            parts.append("\(owedUpdates) updates are in memory only: see rivetctl health for the tier that is away")
        }
        return parts.isEmpty ? nil : parts.joined(separator: "; ")
    }
}

/// Where everyone notes what they see.
final class StatusBoard: Sendable {
    private let state = Mutex(Surroundings())
    /// An element whenever the services should be looked after.
    let doubts: AsyncStream<Void>
    private let doubted: AsyncStream<Void>.Continuation

    init() { (doubts, doubted) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    var surroundings: Surroundings { state.withLock { $0 } }

    /// Has the services looked after soon.
    func doubt() { doubted.yield() }

    func telegram(_ status: PollerStatus) { state.withLock { $0.telegram = status } }
    func owes(_ updates: Int) { state.withLock { $0.owedUpdates = updates } }

    /// A service answered, or did not. Returns whether that is news.
    func note(_ service: ServiceName, awayBecause reason: String?) -> Bool {
        let isNews = state.withLock { state in
            let wasAway = state.away[service] != nil
            state.away[service] = reason
            return wasAway != (reason != nil)
        }
        if reason != nil { doubt() }
        return isNews
    }
}
