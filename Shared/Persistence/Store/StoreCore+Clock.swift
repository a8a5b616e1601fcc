import Contracts

/// The clocks, and when they allow data to be destroyed.
extension StoreCore {
    /// While a remote tier's clock differs by more than this, nothing is destroyed.
    private static var serverDisagreementMax: Duration { .seconds(300) }

    /// Reads the wall clock; each reading also feeds `clockWatch`.
    func readWallClock() -> Timestamp {
        let wall = time.wall()
        clockWatch.read(wall: wall, steady: time.steady())
        return wall
    }

    /// The time by which expired data may be destroyed; nil while a remote tier's clock disagrees.
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

    /// The time at which a pull begins: everything written from now on has a later revision. If the tier's own clock is
    /// behind ours, the tier's clock is used. If it is ahead, ours is used, since with the tier's time later pulls
    /// would skip rows.
    func pullMoment(_ index: Int) -> Timestamp {
        let wall = readWallClock()
        guard let told = tiers[index].serverTime else { return wall }
        return min(wall, told.time.advanced(by: time.steady() - told.heardAt))
    }

    /// Records the time that a remote tier reported with a contact.
    func serverTimeHeard(_ index: Int, _ contact: TierContact) {
        guard policy.heedsServerTime, let time = contact.serverTime else { return }
        tiers[index].serverTime = (time, self.time.steady())
    }
}
