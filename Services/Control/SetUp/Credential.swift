/// A secret that systemd hands to a service.
struct Credential: Equatable, Sendable {
    /// The variable that it wins over.
    var variable: String
    /// As the service knows it: `telegram-bot-token`.
    var name: String

    /// The file in a credential store, as the units name it.
    var storeName: String { "rivet.\(name)" }
}

extension RivetService {
    /// What the service's unit loads.
    var credentials: [Credential] {
        switch self {
        case .gateway:
            [
                Credential(variable: "TELEGRAM_BOT_TOKEN", name: "telegram-bot-token"),
                Credential(variable: "RIVET_WEBHOOK_SECRET", name: "webhook-secret"),
            ]
        case .state, .library:
            RemoteTierName.allCases.map { tier in
                Credential(variable: TierDatabase.setting(of: tier.tier), name: "\(tier.rawValue)-database-url")
            }
        }
    }
}
