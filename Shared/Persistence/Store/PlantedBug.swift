/// Bugs that a test plants in the store, to show that the simulation finds them. A release build has none.
package enum PlantedBug: String, Sendable, CaseIterable {
    /// A cleared conversation or a deleted machine is not owed to other tiers.
    case tombstoneNotReplicated
    /// Debts are kept in memory only.
    case debtsNotWrittenDown
    /// Update ids are compared with `<=`, as if they only grew.
    case updateIDsCompared
    /// Rows of a tier are imported regardless of their revision.
    case staleTierPreferred
    /// A change is acknowledged before it is committed.
    case acknowledgedBeforeCommit
    /// A machine that clashes replaces the existing one.
    case clashOverwrites
    /// While a tier's breaker is open, its writes are not noted.
    case breakerDropsWrites
    /// The result for a repeated request is forgotten.
    case retryAppliesTwice
    /// All but the newest updates of a key are forgotten, even those that may come again.
    case settledIgnored
    /// An old row that is missing here counts as removed here, and is skipped.
    case buriesWhatWasNeverRead
    /// Data that has expired by the wall clock is destroyed, regardless of other clocks.
    case sweepsOnOneClock
    /// A tier removes old tombstones, instead of emptying them, before all tiers have them.
    case prunesBeforeAllTiersHaveIt
    /// A record that a committed write did not store counts as stored.
    case unstoredCountsAsStored
    /// A payment counts as final, regardless of how the connection ends.
    case recentPaymentsKept
    /// A tier that is owed more than is listed is owed nothing.
    case crowdedDebtsForgotten
    /// Nicknames from two tiers are the same if their bytes are, not if they are equal ignoring case.
    case nicknamesComparedByBytes
    /// Two rows of one revision count as equal, regardless of their content.
    case equalRevisionsCountAsEqual
    /// Every removal that a tier reports is carried out.
    case removalsUnbounded
}

#if RIVET_KILL_POINTS
    /// SAFETY: one test sets it before its simulation begins, and the thread that runs the simulation reads it. The
    /// tests that set it are in one serialized suite; no other test reads it.
    package nonisolated(unsafe) var thePlantedBug: PlantedBug?
#endif

@inline(__always)
package func plantedBug(_ bug: PlantedBug) -> Bool {
    #if RIVET_KILL_POINTS
        thePlantedBug == bug
    #else
        false
    #endif
}
