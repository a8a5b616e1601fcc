public import Contracts
import Synchronization

/// The current remote tiers of a store, and how they are changed.
public final class TierChanges: Sendable {
    private let current: Mutex<RemoteTiers>

    public init(from current: RemoteTiers) { self.current = Mutex(current) }

    /// Makes `store` use the databases of `new`. Those that are the same as before are left alone. One call at a time.
    /// Only the databases are taken from `new`, not its other settings.
    ///
    /// - Parameter store: receives the new or changed databases, and the names of those that stay.
    /// - Returns: the changes, for a log.
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
