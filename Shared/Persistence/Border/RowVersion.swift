import Contracts

/// The effective revision and times of a row. This is the only place that decides them, for rows of both databases.
///
/// A program other than Rivet that changes a row sets its time, or leaves time and revision alone. So a time newer than
/// the revision indicates a change. A row of the earlier bot has no revision at all.
struct RowVersion: Equatable {
    /// Never `Revision.none`.
    var revision: Revision
    /// Never past the bound for revisions.
    var changedAt: Timestamp
    /// Whether the row itself says when it was changed. If not, it counts as changed when it was seen: as new if its
    /// key is unknown, and otherwise as older than every known revision.
    var isDated = true

    /// - Parameters:
    ///   - stored: the revision in the row.
    ///   - times: the first one that is known and not more than a year ahead is the time of the last change.
    ///   - now: the time at which the row is seen.
    init(stored: Int64, times: [ForeignTime], seenAt now: Timestamp) {
        let stored = Revision(rawValue: max(0, stored))
        let highest = Revision.highestBelieved(at: now)
        let changedAt = times.lazy.compactMap(\.moment).first { Revision(at: $0) <= highest }
        if let changedAt {
            self.changedAt = changedAt
            revision = max(stored, Revision(at: changedAt))
        } else if stored > .none {
            self.changedAt = ForeignTime(stored.moment).moment ?? now
            revision = stored
        } else {
            self.changedAt = now
            revision = max(Revision(at: now), Revision.none.next)
            isDated = false
        }
    }

    /// The beginning of the row's content: the time of its last change, if nothing else is known.
    func began(_ time: ForeignTime) -> Timestamp { time.moment ?? changedAt }

    /// The time at which the row was deleted; nil for a NULL column. An unknown time counts as now, because records
    /// that were deleted long ago are forgotten.
    static func deleted(_ text: String?, seenAt now: Timestamp) -> Timestamp? {
        text.map { ForeignTime($0).moment ?? now }
    }
}
