import Contracts

/// Handles a tier that does not return its rows, or one of them.
extension StoreCore {
    /// A page was refused, or timed out. The next request asks for half as many rows, down to one.
    ///
    /// That row is skipped once the tier has returned its key and then twice failed to return the row. A connection
    /// that hangs returns neither.
    /// - Parameter isAtOnce: whether the tier may be asked again without a wait.
    func pageRefused(_ index: Int, _ reason: String, isAtOnce: Bool) {
        guard var pull = tiers[index].pull else { return }
        let later = time.instant() + TierLimits.retryDelay
        pull.isAsked = false
        pull.retryAt = isAtOnce ? nil : later
        if pull.isPassing {
            // The tier does not even return the key of the row. The whole read is tried again later.
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

    /// The tier returned the key of the row that it failed to return; nil when there is no such row any more. The row
    /// is requested once more.
    func received(_ index: Int, keyOfRow key: Key?) {
        tiers[index].pull?.isAsked = false
        tiers[index].pull?.isPassing = false
        tiers[index].pull?.suspect = key
        if key == nil { pulled(index) }
    }
}
