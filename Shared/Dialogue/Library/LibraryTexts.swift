/// The words of `LibraryMessage`.
public protocol LibraryTexts: Sendable {
    func menuText(_ command: LibraryCommand) -> String
    func helpLine(_ command: LibraryCommand) -> Markup
    var libraryTitle: Markup { get }
    /// What was searched for.
    func librarySearch(_ query: String) -> Markup
    var libraryEmpty: Markup { get }
    /// No machine is on this page, or none matches.
    var libraryNothingFound: Markup { get }
    /// One machine of the list; nil for a field that was skipped.
    func libraryLine(number: Int, _ machine: MachineLine) -> Markup
    /// `range` has the first and the last number shown; nil when all are shown.
    func libraryCount(total: Int, range: ClosedRange<Int>?) -> Markup
    var newerButton: String { get }
    var olderButton: String { get }
    var libraryUnavailable: Markup { get }
    var libraryUnavailableNotice: String { get }
    func machineRenamed(from earlier: String, to nickname: String) -> Markup
}
