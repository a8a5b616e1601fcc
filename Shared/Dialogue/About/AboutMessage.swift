/// What the bot says about itself.
public enum AboutMessage: Sendable, Equatable {
    /// The help, with the open question if there is one.
    case help(Entry?)
    /// Which Rivet this is.
    case version(String)

    func reply(in texts: any Texts) -> Reply {
        switch self {
        case .help(let entry):
            let help: Markup = "\(texts.helpTitle)\n\n\(Commands.help(in: texts))"
            guard let entry else { return Reply(help) }
            let question = AddMachineMessage.question(of: entry, in: texts)
            return Reply(
                "\(help)\n\n\(texts.entryInProgress)\n\n\(question)",
                buttons: AddMachineMessage.buttons(for: entry, in: texts), isQuestion: true)
        case .version(let version): return Reply(texts.version(version))
        }
    }
}
