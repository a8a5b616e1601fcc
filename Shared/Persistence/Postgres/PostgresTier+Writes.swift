import Contracts
import Synchronization

/// Writes: a record counts as stored only if the database returned its key.
extension PostgresTier {
    /// How long each record waits for a lock when records are sent separately, because one of them is refused or
    /// locked.
    private static var patienceApart: Duration { .milliseconds(20) }

    func write(_ records: [Record], makingWay: Bool, link: Int, request: Int) {
        guard !makingWay, records.count > 1, let statement = Table.putAll(records) else {
            return writeTogether(records, makingWay: makingWay, link, request)
        }
        submit([statement], link, request) { [self] outcome in
            switch outcome {
            case .success(let results):
                return answer(records, stored: Set(results[0].rows.map(Table.key)), link, request)
            case .failure(let error): return refused(error, index: nil, records, makingWay: false, link, request)
            }
        }
    }

    /// One statement for each record, in one transaction.
    private func writeTogether(_ records: [Record], makingWay: Bool, _ link: Int, _ request: Int) {
        var statements: [(statement: PostgresStatement, index: Int)] = []
        if makingWay {
            for (index, record) in records.enumerated() {
                if let statement = Table.makeWay(for: record) { statements.append((statement, index)) }
            }
        }
        let ways = statements.count
        for (index, record) in records.enumerated() { statements.append((Table.put(record), index)) }
        let indices = statements.map(\.index)
        submit(statements.map(\.statement), link, request) { [self] outcome in
            switch outcome {
            case .success(let results):
                let stored = Set(results[ways...].flatMap { $0.rows.map(Table.key) })
                return answer(records, stored: stored, link, request)
            case .failure(let error):
                let index = error.statement.flatMap { indices.indices.contains($0) ? indices[$0] : nil }
                return refused(error, index: index, records, makingWay: makingWay, link, request)
            }
        }
    }

    /// - Returns: nil when the records are sent again, each separately.
    private func refused(
        _ error: PostgresError, index: Int?, _ records: [Record], makingWay: Bool, _ link: Int, _ request: Int
    ) -> TierAnswer<Record>? {
        let refusal = refusal(error, index: index)
        switch refusal.kind {
        case .bug, .locked:
            guard records.count > 1, !makingWay else { return .refused(refusal) }
            writeApart(records, link, request)
            return nil
        // Clashing records may only need a different order.
        case .clash, .transient: return .refused(refusal)
        }
    }

    /// Sends each record in a separate transaction, all in one round trip: the records that are not refused are stored.
    private func writeApart(_ records: [Record], _ link: Int, _ request: Int) {
        let fates = Fates(count: records.count)
        for (index, record) in records.enumerated() {
            submit([Table.put(record)], patience: Self.patienceApart, link, request) { [self] outcome in
                let all =
                    switch outcome {
                    case .success(let results): fates.ended(index, isStored: !results[0].rows.isEmpty)
                    case .failure(let error): fates.ended(index, refusal: refusal(error))
                    }
                guard let all else { return nil }
                let stored = Set(all.stored.map { records[$0].key })
                return answer(records, stored: stored, refusals: all.refusals, link, request)
            }
        }
    }

    /// The result of a committed write, if every record was stored or refused. Otherwise the tier is asked for the rows
    /// of the others, and the result comes with them.
    private func answer(
        _ records: [Record], stored: Set<Record.Key>, refusals: [Int: TierRefusal] = [:], _ link: Int, _ request: Int
    ) -> TierAnswer<Record>? {
        let refused = refusals.map { TierUnstored<Record>($0.key, .refused($0.value)) }
        let open = records.indices.filter { !stored.contains(records[$0].key) && refusals[$0] == nil }
        guard !open.isEmpty else { return .written(unstored: refused) }
        submit([Table.rows(of: open.map { records[$0].key })], link, request) { [self] outcome in
            switch outcome {
            case .success(let results):
                let page = Table.read(results[0], limit: .max, at: now())
                let rows = Dictionary(page.tierPage.rows.map { ($0.record.key, $0) }) {
                    $0.record.revision < $1.record.revision ? $1 : $0
                }
                return .written(
                    unstored: refused
                        + open.compactMap { index in unstored(index, records[index], rows, page.unreadableRevisions) })
            case .failure(let error): return .refused(refusal(error))
            }
        }
        return nil
    }

    private func unstored(
        _ index: Int, _ record: Record, _ rows: [Record.Key: TierPage<Record>.Row], _ unreadable: [Record.Key: Int64]
    ) -> TierUnstored<Record>? {
        guard let row = rows[record.key] else {
            if let revision = unreadable[record.key] {
                // Stored before. Another program changed the row since and left the revision alone: `rivetctl verify`
                // shows it.
                if revision == record.revision.rawValue { return nil }
                let reason = "the row there cannot be read; see rivetctl verify"
                return TierUnstored(index, .refused(TierRefusal(.bug, index: nil, reason: reason)))
            }
            let reason = "the database stored nothing and said nothing: a trigger, a rule or a policy in it"
            return TierUnstored(index, .refused(TierRefusal(.bug, index: nil, reason: reason)))
        }
        // If the tier already has this revision with the same content, our write was a repetition. If the content
        // differs, another program changed the row and left its revision alone, so our write is reported as unstored.
        if row.isStamped, row.record.revision == record.revision, record.isSettled(with: row.record) { return nil }
        return TierUnstored(index, .held(row))
    }
}

/// Collects the outcomes of records that were written in separate transactions. The connection's thread reports them.
private final class Fates: Sendable {
    struct All {
        var stored: [Int] = []
        var refusals: [Int: TierRefusal] = [:]
    }

    private let state: Mutex<(left: Int, all: All)>

    init(count: Int) { state = Mutex((count, All())) }

    /// - Returns: all outcomes, when this was the last.
    func ended(_ index: Int, isStored: Bool = false, refusal: TierRefusal? = nil) -> All? {
        state.withLock { state in
            state.left -= 1
            if isStored { state.all.stored.append(index) }
            state.all.refusals[index] = refusal
            return state.left == 0 ? state.all : nil
        }
    }
}
