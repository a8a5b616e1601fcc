/// A command of one feature. Router, menu and help read the features' lists of commands, and no other list.
public protocol Command: RawRepresentable<String>, CaseIterable, Sendable {
    /// Its place in menu and help: lower comes first.
    var place: Int { get }
    /// Its description in the menu beside the input field, at most 256 characters (Bot API, `BotCommand`); nil to leave
    /// it out.
    func menuText(in texts: any Texts) -> String?
    /// Its line in the help; nil to leave it out.
    func helpLine(in texts: any Texts) -> Markup?
}

/// The commands of all features.
public enum Commands {
    /// In the order of menu and help.
    public static var all: [any Command] {
        let commands: [any Command] = AddMachineCommand.allCases + LibraryCommand.allCases + AboutCommand.allCases
        return commands.sorted { $0.place < $1.place }
    }

    /// Names without the slash, and descriptions, for `setMyCommands`.
    public static func menu(in texts: any Texts) -> [(name: String, description: String)] {
        all.compactMap { command in command.menuText(in: texts).map { (command.rawValue, $0) } }
    }

    static func help(in texts: any Texts) -> Markup { .lines(all.compactMap { $0.helpLine(in: texts) }) }
}
