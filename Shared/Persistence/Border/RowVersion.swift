import Contracts

/// What the revision and the times of a row count as. The one place that decides it, for rows of both databases.
///
/// Who changes a row and is not Rivet sets its time, or leaves both alone: so a time that is newer than the revision tells
/// of a change. A row of the earlier bot has no revision at all.
struct RowVersion: Equatable {
    /// Never `Revision.none`.
    var revision: Revision
    /// Never past the bound for revisions.
    var changedAt: Timestamp
    /// Whether the row itself tells when it was changed. If not, it counts as changed when it was seen: as new where
    /// nothing is known of its key, and as older than whatever is known.
    var isDated = true

    /// - Parameters:
    ///   - stored: the revision in the row.
    ///   - times: the first that is known, and not more than a year ahead, is when the row was changed.
    ///   - now: when it is seen.
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

    /// When what the row holds began: with its last change, if nothing else is known.
    func began(_ time: ForeignTime) -> Timestamp { time.moment ?? changedAt }

    /// When the row was deleted; nil for a column that is NULL. What is not known of that is now: what was deleted long ago
    /// is forgotten.
    static func deleted(_ text: String?, seenAt now: Timestamp) -> Timestamp? {
        text.map { ForeignTime($0).moment ?? now }
    }
}
