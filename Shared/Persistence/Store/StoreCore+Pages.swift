import Contracts

/// A tier that does not tell its rows, or does not tell one of them.
extension StoreCore {
    /// A page was refused, or not answered in time. Half of it is asked for, down to one row.
    ///
    /// That row is passed over when the tier has told its key and then not the row, twice: a connection that hangs tells
    /// neither.
    /// - Parameter isAtOnce: whether the tier may be asked again without a wait.
    func pageRefused(_ index: Int, _ reason: String, isAtOnce: Bool) {
        guard var pull = tiers[index].pull else { return }
        let later = time.instant() + TierLimits.retryDelay
        pull.isAsked = false
        pull.retryAt = isAtOnce ? nil : later
        if pull.isPassing {
            // Not even the key of the row is told. Everything is tried again later.
            pull.isPassing = false
            pull.size.reset()
            pull.retryWait = min(pull.retryWait * 2, TierLimits.retryDelayMax)
            pull.retryAt = time.instant() + pull.retryWait
        } else if pull.size.isOneRow {
            pull.isPassing = true
            if let suspect = pull.suspect {
                pull.failuresAlone += 1
                if pull.failuresAlone == TierLimits.failuresAloneMax {
                    putInQuarantine([(suspect, "not told by \(tiers[index].name.rawValue): \(reason)")])
                    pull.after = suspect
                    pull.forgetSuspect()
                    pull.size.reset()
                }
            }
        } else {
            pull.size.refused()
        }
        tiers[index].pull = pull
    }

    /// The tier told the key of the row that it did not tell; nil when there is none any more. The row is asked for once
    /// more.
    func received(_ index: Int, keyOfRow key: Key?) {
        tiers[index].pull?.isAsked = false
        tiers[index].pull?.isPassing = false
        tiers[index].pull?.suspect = key
        if key == nil { pulled(index) }
    }
}
