/// The commands that show the library.
public enum LibraryCommand: String, Command {
    case library

    public var place: Int { 20 }
    public func menuText(in texts: any Texts) -> String? { texts.menuText(self) }
    public func helpLine(in texts: any Texts) -> Markup? { texts.helpLine(self) }
}
