package import Contracts

/// Changes the remote tiers while the store runs.
extension StoreCore {
    /// Keeps the tiers in `kept` as they are, adds or replaces those in `ports`, and lets all others go.
    ///
    /// A tier of the same name behind another port is contacted again. The database's mark tells whether it is a
    /// different one, which is then compared and filled. Requests that were under way to the old one stay owed, and
    /// calls that waited for it wait for the next tier. A tier that is let go is owed nothing more. If it comes back,
    /// now or after a restart, it is filled again from the start.
    /// - Returns: false when this cannot be written down now. Then nothing is changed.
    package func changeTiers(
        keeping kept: Set<TierName>, _ ports: [(name: TierName, port: any TierPort<Record>)]
    ) -> Bool {
        guard let table, isDiskUp, isServing else { return false }
        let known: [TierName: TierProgress]
        do { known = try table.progress() } catch {
            failed(error)
            return false
        }
        let gone = tiers.filter { tier in
            !kept.contains(tier.name) && !ports.contains { $0.name == tier.name }
        }
        let isNoted = attempt { table throws(SQLiteError) in
            try noteGone(gone.map { ($0.name, $0.knowledge.progress) }, table)
        }
        guard isNoted else { return false }
        for tier in gone { letGo(tier.name) }
        for (name, port) in ports {
            if let index = tiers.firstIndex(where: { $0.name == name }) {
                replacePort(index, port)
            } else {
                add(name, port, known[name], table)
            }
        }
        holdersChanged()
        noteBookkeeping()
        pumpAll()
        return true
    }

    /// Writes down that removed tiers must be filled again from the start if they come back, since no note records what
    /// they miss until then.
    func noteGone(
        _ tiers: [(name: TierName, progress: TierProgress)], _ table: Table
    ) throws(SQLiteError) {
        guard !tiers.isEmpty else { return }
        try table.begin()
        for (name, progress) in tiers {
            var knowledge = TierKnowledge(noted: progress)
            knowledge.letGo()
            try table.write(knowledge.progress, of: name)
        }
        try table.commit()
    }

    private func letGo(_ name: TierName) {
        guard let index = tiers.firstIndex(where: { $0.name == name }) else { return }
        endLink(index)
        tiers.remove(at: index)
        forsakeDebts(of: name)
    }

    private func replacePort(_ index: Int, _ port: any TierPort<Record>) {
        endLink(index)
        tiers[index].port = port
        tiers[index].wantsPull = true
        tiers[index].touchDueAt = time.instant()
    }

    /// Ends the connection without counting a failure. Its late reports have an old number and are ignored.
    private func endLink(_ index: Int) {
        tiers[index].port.letGo(link: tiers[index].link.number) {}
        tiers[index].port.disconnect(link: tiers[index].link.number)
        tiers[index].link = TierLink(following: tiers[index].link.number, random: random)
        abandon(index)
        tiers[index].pull = nil
        tiers[index].removals = ToldRemovals()
        (tiers[index].isAway, tiers[index].hasFailed, tiers[index].lastError) = (false, false, nil)
        // A tier that is added later under this name gets higher numbers.
        linksEnded = max(linksEnded, tiers[index].link.number)
    }

    private func add(_ name: TierName, _ port: any TierPort<Record>, _ known: TierProgress?, _ table: Table) {
        let tier = RemoteTier<Record>(name: name, port: port, random: random)
        tier.link = TierLink(following: linksEnded, random: random)
        if let known { tier.knowledge.noteFound(known) }
        tier.knowledge.takenUp()
        tier.wantsPull = true
        (tier.touchDueAt, tier.visitDueAt) = (time.instant(), time.instant())
        tiers.insert(tier, at: tiers.firstIndex { $0.name > name } ?? tiers.endIndex)
        if let index = tiers.firstIndex(where: { $0.name == name }) { countRowsToSeed(index, table) }
    }
}
