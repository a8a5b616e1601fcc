import Contracts

/// The payments to one tier since the visit before the latest. No I/O, no clock.
///
/// A failover to a replica that lags loses exactly such payments, and the tier still shows the latest visit. So they
/// are owed again after a connection ends, and stay written down until two more visits were left.
struct RecentPayments<Key: Hashable & Sendable> {
    struct Payment: Sendable, Equatable {
        var revision: Revision
        /// The time since which it was owed.
        var since: Timestamp
    }

    /// The most keys of each half. Beyond that the older half is dropped early, so a busy tier keeps its latest
    /// payments.
    static var keysMax: Int { 4_096 }

    /// Payments since the latest visit.
    private var young: [Key: Payment] = [:]
    private var old: [Key: Payment] = [:]

    var isEmpty: Bool { young.isEmpty && old.isEmpty }
    var all: [Key: Payment] { young.merging(old) { young, _ in young } }

    func payment(_ key: Key) -> Payment? { young[key] ?? old[key] }

    /// - Returns: the keys that are no longer kept.
    mutating func paid(_ key: Key, _ payment: Payment) -> [Key] {
        let gone = young.count >= Self.keysMax && young[key] == nil ? rotate() : []
        young[key] = payment
        old[key] = nil
        return gone
    }

    /// A new visit was left in the tier.
    /// - Returns: the keys that are no longer kept.
    mutating func visitBegan() -> [Key] { rotate() }

    private mutating func rotate() -> [Key] {
        let gone = Array(old.keys)
        (old, young) = (young, [:])
        return gone
    }
}
