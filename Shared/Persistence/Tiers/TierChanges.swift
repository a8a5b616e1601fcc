public import Contracts
import Synchronization

/// Which remote tiers a store has now, and how it comes to have others.
public final class TierChanges: Sendable {
    private let current: Mutex<RemoteTiers>

    public init(from current: RemoteTiers) { self.current = Mutex(current) }

    /// Has `store` go on with the databases of `new`, of which those that are the same as before are left alone. One call
    /// at a time. What `new` says beside the databases is not taken over.
    ///
    /// - Parameter store: gets those that are new or changed, and the names of those that stay.
    /// - Returns: what changed, for a log.
    public func apply(
        _ new: RemoteTiers,
        to store: (_ changed: RemoteTiers, _ kept: Set<TierName>) async -> Result<Void, RPCError>
    ) async throws(RPCError) -> [String] {
        let old = current.withLock { $0 }
        let kept = Set(
            new.targets.filter { name, target in old.targets.contains { $0.name == name && $0.target == target } }
                .map { $0.name })
        var changed = new
        changed.targets = new.targets.filter { !kept.contains($0.name) }
        let gone = old.targets.map { $0.name }.filter { name in !new.targets.contains { $0.name == name } }
        if changed.targets.isEmpty, gone.isEmpty { return [] }
        try await store(changed, kept).get()
        current.withLock { $0.targets = new.targets }
        return changed.targets.map { name, _ in
            old.targets.contains { $0.name == name } ? "the database of \(name.rawValue)" : "\(name.rawValue) is new"
        } + gone.map { "\($0.rawValue) is no tier any more" }
    }
}
