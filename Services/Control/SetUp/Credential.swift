/// A secret that systemd passes to a service.
struct Credential: Equatable, Sendable {
    /// The variable that the credential overrides.
    var variable: String
    /// The name that the service uses: `telegram-bot-token`.
    var name: String

    /// The file name in a credential store, which the units use.
    var storeName: String { "rivet.\(name)" }
}

extension RivetService {
    /// The credentials that the service's unit loads.
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
