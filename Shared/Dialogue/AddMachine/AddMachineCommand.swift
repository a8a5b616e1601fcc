/// The commands of the add-machine flow.
public enum AddMachineCommand: String, Command {
    case addmachine, skip, back, cancel

    public var place: Int {
        switch self {
        case .addmachine: 10
        case .skip: 30
        case .back: 31
        case .cancel: 32
        }
    }

    public func menuText(in texts: any Texts) -> String? { self == .back ? nil : texts.menuText(self) }
    public func helpLine(in texts: any Texts) -> Markup? { self == .back ? nil : texts.helpLine(self) }
}
