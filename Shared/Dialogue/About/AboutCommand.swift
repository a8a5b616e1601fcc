/// The commands about the bot itself.
public enum AboutCommand: String, Command {
    case help
    /// Shows the help. Telegram sends it when a person opens the bot for the first time.
    case start
    /// Shows which Rivet this is, for the operator and for reports of faults.
    case version

    public var place: Int {
        switch self {
        case .help: 90
        case .start: 91
        case .version: 92
        }
    }

    public func menuText(in texts: any Texts) -> String? { self == .help ? texts.menuText(self) : nil }
    public func helpLine(in texts: any Texts) -> Markup? { self == .start ? nil : texts.helpLine(self) }
}
