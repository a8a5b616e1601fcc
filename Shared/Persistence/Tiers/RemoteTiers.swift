public import Contracts

/// The databases elsewhere that a store keeps its records in, and how it treats them.
public struct RemoteTiers: Sendable {
    /// Each name once; used in the order of the names, best first.
    public var targets: [(name: TierName, target: PostgresTarget)]
    package var policy = TierPolicy()

    /// - Parameters:
    ///   - durability: whether an acknowledgement waits for the first healthy one.
    ///   - deadline: how long it does.
    ///   - heartbeat: after this time without a write, each gets a small one.
    ///   - host: which of the hosts that share the databases this is: 0 to 63.
    public init(
        _ targets: [(name: TierName, target: PostgresTarget)] = [], durability: Durability = .remote,
        deadline: Duration = .milliseconds(750), heartbeat: Duration = .seconds(86_400), host: UInt8 = 0
    ) {
        self.targets = targets
        policy.durability = durability
        policy.remoteDeadline = deadline
        policy.heartbeat = heartbeat
        policy.host = host
    }

    func ports<Table: PostgresTable>(
        _ table: Table.Type, at path: String, now: @escaping @Sendable () -> Timestamp,
        _ report: @escaping @Sendable (TierName, Int, TierEvent<Table.Record>) -> Void
    ) -> [(name: TierName, port: any TierPort<Table.Record>)] {
        let identity = StoreIdentity(host: policy.host, path: path)
        return targets.map { name, target in
            // A locked row is known before the answer is due, with time for the others to go without it.
            let tier = PostgresTier<Table>(
                target, identity: identity, now: now, lockPatience: policy.remoteDeadline / 2
            ) { link, event in
                report(name, link, event)
            }
            return (name, tier)
        }
    }
}
