public import Contracts

/// An event that an operator should read in the log of a store: one line each.
public enum StoreEvent: Sendable, Equatable {
    case diskLost(reason: String)
    case diskBack
    /// A broken file was moved aside, and a new one was made from its readable records.
    case fileReplaced(salvaged: Int64)
    case tierLost(TierName, reason: String)
    case tierBack(TierName)
    /// Rows were imported that others wrote in a tier, or that were missing here.
    case rowsAdopted(Int64)
    case rowsQuarantined(Int64)
    /// Two machines of one person have the same nickname, in different tiers.
    case clashes(Int64)
    /// A tier reports more removals than are carried out without an operator's decision.
    case removalsHeld(TierName, count: Int)
    /// A tier refuses something: our bug.
    case refused(by: TierName?, reason: String)
}

extension StoreStatus {
    /// The events between `earlier` and now.
    func events(since earlier: StoreStatus) -> [StoreEvent] {
        var events: [StoreEvent] = []
        if earlier.isUp, !isUp { events.append(.diskLost(reason: lastError ?? "no error is known")) }
        if !earlier.isUp, isUp { events.append(.diskBack) }
        for tier in remote {
            let wasAway = earlier.remote.first { $0.name == tier.name }?.isAway ?? false
            if tier.isAway, !wasAway {
                events.append(.tierLost(tier.name, reason: tier.lastError ?? "no error is known"))
            }
            if wasAway, !tier.isAway { events.append(.tierBack(tier.name)) }
        }
        func grown(_ counter: String) -> Int64? {
            let growth = (counters[counter] ?? 0) - (earlier.counters[counter] ?? 0)
            return growth > 0 ? growth : nil
        }
        if grown("disk.replaced") != nil { events.append(.fileReplaced(salvaged: grown("disk.salvaged") ?? 0)) }
        if let count = grown("rows.adopted") { events.append(.rowsAdopted(count)) }
        if let before = earlier.incidents, let count = incidents.map({ $0.quarantinedRows - before.quarantinedRows }),
            count > 0
        {
            events.append(.rowsQuarantined(count))
        }
        if let count = grown("clashes") { events.append(.clashes(count)) }
        for tier in remote {
            let before = earlier.remote.first { $0.name == tier.name }
            if tier.heldRemovals > before?.heldRemovals ?? 0 {
                events.append(.removalsHeld(tier.name, count: tier.heldRemovals))
            }
            // One line for each reason, no matter how many records it concerns and how often they are tried.
            let reasons = tier.refusals.keys.filter { before?.refusals[$0] == nil }.sorted()
            events += reasons.map { .refused(by: tier.name, reason: $0) }
            if let reason = tier.unanswered, reason != before?.unanswered {
                events.append(.refused(by: tier.name, reason: reason))
            }
        }
        return events
    }
}
