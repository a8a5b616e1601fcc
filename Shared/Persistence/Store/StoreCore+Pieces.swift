import Contracts

/// Merges a page of a tier in pieces. Between two pieces the store does its other work.
extension StoreCore {
    /// The tier whose page was received and is not merged yet; nil when there is none.
    var toldTier: Int? { tiers.firstIndex { $0.pull?.told != nil } }

    /// Merges some rows of the page that was received last from the tier.
    func mergePiece(_ index: Int) {
        guard var page = tiers[index].pull?.told else { return }
        let start = time.instant()
        let piece = Array(page.rows.prefix(mergedAtOnce.count))
        page.rows.removeFirst(piece.count)
        let rows = piece.filter { isBelieved($0.record) }
        let isMerged = merge(rows, from: index, mayRename: false, removals: tiers[index].pull?.rule ?? .collect)
        guard isMerged else { return pageNotMerged(index, piece + page.rows) }
        mergedAtOnce.took(time.instant() - start, for: piece.count)
        let refused = piece.filter { !isBelieved($0.record) }
        putInQuarantine(refused.map { ($0.record.key, $0.record.journalValue.text) })
        if page.rows.isEmpty { pageMerged(index, page) } else { tiers[index].pull?.told = page }
    }

    private func pageMerged(_ index: Int, _ page: TierPage<Record>) {
        tiers[index].pull?.told = nil
        tiers[index].pull?.isAsked = false
        putInQuarantine(page.unreadable)
        tiers[index].pull?.size.received()
        tiers[index].pull?.forgetSuspect()
        tiers[index].pull?.retryWait = TierLimits.retryDelay
        if let next = page.next {
            tiers[index].pull?.after = next
        } else {
            pulled(index)
        }
    }

    private func pageNotMerged(_ index: Int, _ rows: [TierPage<Record>.Row]) {
        tiers[index].pull?.told = nil
        tiers[index].pull?.isAsked = false
        tiers[index].pull?.retryAt = time.instant() + TierLimits.retryDelay
        // Without the disk, calls may still change records in memory. They must not do so over a revision that is known
        // to be outdated.
        for row in rows where isBelieved(row.record) {
            guard let known = memory.withLock({ $0.peek(row.record.key) }) else { continue }
            if row.isDated, known.revision < row.record.revision { deferLater(row.record) }
        }
    }
}
