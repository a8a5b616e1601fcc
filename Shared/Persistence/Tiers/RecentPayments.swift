import Contracts

/// What one tier was paid since the visit before the latest. No I/O, no clock.
///
/// A failover to a replica that lags takes just such payments back, and the tier still shows the latest visit. So they are
/// owed again after the end of a connection, and stay written down until two more visits were left.
struct RecentPayments<Key: Hashable & Sendable> {
    struct Payment: Sendable, Equatable {
        var revision: Revision
        /// Since when it was owed.
        var since: Timestamp
    }

    /// Keys of each half. Beyond that the older half goes early: of a tier that gets so much, the latest are kept.
    static var keysMax: Int { 4_096 }

    /// Since the latest visit.
    private var young: [Key: Payment] = [:]
    private var old: [Key: Payment] = [:]

    var isEmpty: Bool { young.isEmpty && old.isEmpty }
    var all: [Key: Payment] { young.merging(old) { young, _ in young } }

    func payment(_ key: Key) -> Payment? { young[key] ?? old[key] }

    /// - Returns: the keys that are kept no longer.
    mutating func paid(_ key: Key, _ payment: Payment) -> [Key] {
        let gone = young.count >= Self.keysMax && young[key] == nil ? turn() : []
        young[key] = payment
        old[key] = nil
        return gone
    }

    /// A new visit was left in the tier.
    /// - Returns: the keys that are kept no longer.
    mutating func visitBegan() -> [Key] { turn() }

    private mutating func turn() -> [Key] {
        let gone = Array(old.keys)
        (old, young) = (young, [:])
        return gone
    }
}
