import Contracts

/// The clocks: what may be destroyed by them.
extension StoreCore {
    /// A remote tier whose clock differs by more keeps anything from being destroyed.
    private static var serverDisagreementMax: Duration { .seconds(300) }

    /// The wall clock, which is watched with each reading.
    func readWallClock() -> Timestamp {
        let wall = time.wall()
        clockWatch.read(wall: wall, steady: time.steady())
        return wall
    }

    /// By which time something may be destroyed because it is over; nil while a remote tier says that it is another time.
    func agreedTime() -> AgreedTime? {
        let (wall, steady) = (readWallClock(), time.steady())
        if plantedBug(.sweepsOnOneClock) { return AgreedTime(since: wall, now: wall, horizon: wall) }
        for tier in tiers {
            guard let told = tier.serverTime else { continue }
            let there = told.time.advanced(by: steady - told.heardAt)
            let difference = Duration.milliseconds(there.milliseconds - wall.milliseconds)
            let limit = Self.serverDisagreementMax
            guard difference <= limit, difference >= .zero - limit else { return nil }
        }
        return clockWatch.agreedTime(wall: wall, steady: steady)
    }

    /// What time it is for a pull: what is written from now on has a later revision. By the tier's own clock, if that is
    /// behind ours: one that is ahead would have later pulls pass over rows.
    func pullMoment(_ index: Int) -> Timestamp {
        let wall = readWallClock()
        guard let told = tiers[index].serverTime else { return wall }
        return min(wall, told.time.advanced(by: time.steady() - told.heardAt))
    }

    /// A remote tier tells, with a contact, what time it is there.
    func serverTimeHeard(_ index: Int, _ contact: TierContact) {
        guard policy.heedsServerTime, let time = contact.serverTime else { return }
        tiers[index].serverTime = (time, self.time.steady())
    }
}
