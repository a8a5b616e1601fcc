/// The words of `AboutMessage`.
public protocol AboutTexts: Sendable {
    func menuText(_ command: AboutCommand) -> String
    func helpLine(_ command: AboutCommand) -> Markup
    var helpTitle: Markup { get }
    func version(_ version: String) -> Markup
}
