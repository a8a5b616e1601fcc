package import Contracts

/// Other remote tiers, while the store goes on.
extension StoreCore {
    /// Goes on with the tiers in `kept` as they are, and those that `ports` has; all others are let go.
    ///
    /// A tier of the same name behind another port is met anew: the database tells by its mark whether it is another one,
    /// which is then compared and filled. What was under way to the old one stays owed, and who waited for it waits for the
    /// next. One that is let go is owed nothing more; should it come back, now or after a restart, it is filled anew.
    /// - Returns: false when that cannot be written down now. Nothing is changed then.
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

    /// Writes down that tiers which are none any more are filled anew, should they come back: nobody writes down what they
    /// miss meanwhile.
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

    /// Ends the connection without a failure. Late reports of it find another number.
    private func endLink(_ index: Int) {
        tiers[index].port.letGo(link: tiers[index].link.number) {}
        tiers[index].port.disconnect(link: tiers[index].link.number)
        tiers[index].link = TierLink(following: tiers[index].link.number, random: random)
        abandon(index)
        tiers[index].pull = nil
        tiers[index].removals = ToldRemovals()
        (tiers[index].isAway, tiers[index].hasFailed, tiers[index].lastError) = (false, false, nil)
        // A tier that is added later under this name has later numbers.
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
