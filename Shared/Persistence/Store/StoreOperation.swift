package import Contracts

/// One operation for the store's thread.
package final class StoreOperation<Table: LocalTable> {
    /// Decides what to change. If it fails, it returns false and nothing changes. It is called again if the state over
    /// which it decided turns out not to be kept.
    let decide: (inout StoreTransaction<Table>) -> Bool
    /// Called when the decided changes are stored as `Placement` says.
    let done: (Placement) -> Void
    /// Called when it was decided, but cannot be stored.
    let failed: (RPCError) -> Void
    /// Whether a caller waits for it: then it goes to the first healthy remote tier at once.
    let isLive: Bool
    /// Whether it comes from outside. For a while after it, tiers are checked for rows of others.
    let isUse: Bool

    package init(
        isLive: Bool = true, isUse: Bool = true, decide: @escaping (inout StoreTransaction<Table>) -> Bool,
        done: @escaping (Placement) -> Void, failed: @escaping (RPCError) -> Void
    ) {
        self.isLive = isLive
        self.isUse = isUse
        self.decide = decide
        self.done = done
        self.failed = failed
    }
}
