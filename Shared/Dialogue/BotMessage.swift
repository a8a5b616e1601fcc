/// A message of the bot, without words. Each feature has its messages; `Texts` has the words of one language.
public enum AnyMessage: Sendable, Equatable {
    case addMachine(AddMachineMessage)
    case library(LibraryMessage)
    case photo(PhotoMessage)
    case about(AboutMessage)
    case trouble(TroubleMessage)

    /// The message as it is sent, in one language.
    public func reply(in texts: any Texts) -> Reply {
        switch self {
        case .addMachine(let message): message.reply(in: texts)
        case .library(let message): message.reply(in: texts)
        case .photo(let message): message.reply(in: texts)
        case .about(let message): message.reply(in: texts)
        case .trouble(let message): message.reply(in: texts)
        }
    }
}
