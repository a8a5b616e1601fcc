package import Contracts

/// One thing to be done on a store's thread.
package final class StoreOperation<Table: LocalTable> {
    /// Decides what to change. If it fails, it returns false and nothing changes. It is called again if the state over
    /// which it decided turns out not to be kept.
    let decide: (inout StoreTransaction<Table>) -> Bool
    /// What was decided is where `Placement` says.
    let done: (Placement) -> Void
    /// It was decided, but cannot be kept.
    let failed: (RPCError) -> Void
    /// Whether a caller waits for it: then it goes to the first healthy remote tier at once.
    let isLive: Bool
    /// Whether it comes from outside: for a while after that, tiers are looked at for what others write there.
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
