public import Contracts

/// The remote databases in which a store keeps its records, and their settings.
public struct RemoteTiers: Sendable {
    /// Each name once; used in the order of the names, best first.
    public var targets: [(name: TierName, target: PostgresTarget)]
    package var policy = TierPolicy()

    /// - Parameters:
    ///   - durability: whether an acknowledgement waits for the first healthy tier.
    ///   - deadline: the longest time that it waits.
    ///   - heartbeat: after this time without a write, each tier gets a small one.
    ///   - host: the number of this host among those that share the databases: 0 to 63.
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
            // A locked row is reported before the deadline, early enough to send the other records again without it.
            let tier = PostgresTier<Table>(
                target, identity: identity, now: now, lockPatience: policy.remoteDeadline / 2
            ) { link, event in
                report(name, link, event)
            }
            return (name, tier)
        }
    }
}
