/// An entry that is over and can be taken up again.
public struct KeptEntry: Sendable, Equatable {
    /// The entry, with the tag that it had.
    public var entry: Entry
    /// Whether it expired; otherwise the person cancelled it.
    public var hasExpired: Bool

    public init(entry: Entry, hasExpired: Bool) {
        self.entry = entry
        self.hasExpired = hasExpired
    }
}
