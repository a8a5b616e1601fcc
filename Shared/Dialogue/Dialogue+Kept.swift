/// An entry that is over and can be taken up again.
public struct KeptEntry: Sendable, Equatable {
    /// Under the tag that it had.
    public var entry: Entry
    /// Whether its time ended it; else its person cancelled it.
    public var hasExpired: Bool

    public init(entry: Entry, hasExpired: Bool) {
        self.entry = entry
        self.hasExpired = hasExpired
    }
}

/// The replies about an entry that is over and is still kept.
extension Dialogue {
    /// - Parameter kept: what was cancelled; with a button that brings it back, if anything had been told.
    public static func cancelled(_ kept: KeptEntry?) -> Reply {
        Reply(
            "❌ Cancelled. Your progress has been cleared.\nStart fresh with /addmachine",
            buttons: kept?.entry.hasContent == true ? takeUpButtons(kept, "↩️ Undo") : [], notice: "Cancelled.")
    }

    /// To what was said when the time of an entry was over.
    static func expired(_ kept: KeptEntry) -> Reply {
        Reply(
            """
            ⌛ Your entry has expired. Nothing of it is lost yet.

            \(told(kept.entry))

            ↩️ takes it up again. /addmachine starts fresh.
            """, buttons: takeUpButtons(kept), notice: "That entry has expired.")
    }

    /// It is open again: what was told, and the question that it had come to.
    static func takenUp(_ entry: Entry) -> Reply {
        asking(entry, "↩️ Your entry goes on.\n\n\(progress(entry))", notice: "Your entry goes on.")
    }

    /// Another entry was begun while one that expired is kept.
    static func opening(_ entry: Entry, beside kept: KeptEntry?) -> Reply {
        guard let kept, kept.hasExpired, kept.entry.hasContent else { return opening(entry) }
        let name: Markup = kept.entry.draft[.nickname].map { "“\($0)”" } ?? "without a nickname"
        return Reply(
            "\(title)\n⌛ Your earlier entry \(name) has expired. ↩️ takes it up again in place of this one.\n\n\(question(entry))",
            buttons: takeUpButtons(kept) + buttons(entry))
    }

    private static func takeUpButtons(_ kept: KeptEntry?, _ label: String? = nil) -> [[Reply.Button]] {
        guard let kept, let data = TapData.act(.resume, kept.entry.step, tag: kept.entry.tag).encoded else { return [] }
        let name = kept.entry.draft[.nickname]
        return [[Reply.Button(label: label ?? buttonLabel("↩️ Take up ", name ?? "it again"), data: data)]]
    }
}
