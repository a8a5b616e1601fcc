/// Mistakes that a test has the store make, to show that the simulation finds them. In a release build there are none.
package enum PlantedBug: String, Sendable, CaseIterable {
    /// A cleared conversation or a deleted machine is not owed to other tiers.
    case tombstoneNotReplicated
    /// Debts are kept in memory only.
    case debtsNotWrittenDown
    /// Update ids are compared with `<=`, as if they only grew.
    case updateIDsCompared
    /// What a tier has is taken in without looking at the revision.
    case staleTierPreferred
    /// A change is acknowledged before it is committed.
    case acknowledgedBeforeCommit
    /// A machine that clashes takes the place of the one that is there.
    case clashOverwrites
    /// While a tier's breaker is open, its writes are not noted.
    case breakerDropsWrites
    /// What a repeated request is answered with is forgotten.
    case retryAppliesTwice
    /// All but the newest updates of a key are forgotten, also those that may come again.
    case settledIgnored
    /// A row that is not here and is old counts as removed here, and is passed over.
    case buriesWhatWasNeverRead
    /// What is over by the wall clock is destroyed, whatever other clocks say.
    case sweepsOnOneClock
    /// A tier removes old tombstones, instead of emptying them, before all tiers have them.
    case prunesBeforeAllTiersHaveIt
    /// A record that a committed write did not store counts as stored.
    case unstoredCountsAsStored
    /// What was paid counts as paid for good, whatever becomes of the connection.
    case recentPaymentsKept
    /// A tier that is owed more than is listed is owed nothing.
    case crowdedDebtsForgotten
    /// Nicknames from two tiers are the same if their bytes are, not if they are equal ignoring case.
    case nicknamesComparedByBytes
    /// Two rows of one revision are taken for the same, whatever is in them.
    case equalRevisionsCountAsEqual
    /// Whatever a tier tells to be gone is removed.
    case removalsUnbounded
}

#if RIVET_KILL_POINTS
    /// SAFETY: set by one test before its simulation begins, and read by the thread that runs it. The tests that set it
    /// are in one serialized suite; no other test looks at it.
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
