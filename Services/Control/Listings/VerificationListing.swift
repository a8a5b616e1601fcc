import Contracts
import Persistence

/// The result of the comparison of the tiers, for a person and for a program.
struct VerificationListing {
    typealias Outcome = Result<TierComparison, CommandFailure>
    typealias Row = (tier: TierName, store: Migrator.Store, outcome: Outcome)

    var rows: [Row]
    /// How many differences to show.
    var limit: Int

    /// Each failure once, even if both stores have it.
    var failures: [CommandFailure] {
        var failures: [CommandFailure] = []
        for case (_, _, .failure(let failure)) in rows where !failures.contains(failure) { failures.append(failure) }
        return failures
    }

    var total: Int { rows.reduce(0) { $0 + ((try? $1.outcome.get().differenceCount) ?? 0) } }

    var exitCode: Int32 {
        guard failures.isEmpty else { return ExitCodes.unreachable }
        return total == 0 ? ExitCodes.done : ExitCodes.failed
    }

    private var shown: ArraySlice<(tier: TierName, store: Migrator.Store, difference: TierDifference)> {
        rows.flatMap { row in
            ((try? row.outcome.get().differences) ?? []).map { (row.tier, row.store, $0) }
        }.prefix(limit)
    }

    // MARK: For a person

    var lines: [String] {
        var table = TextTable([("TIER", .left), ("STORE", .left), ("COMPARED", .right), ("DIFFERENT", .right)])
        for (tier, store, outcome) in rows {
            let counts = (try? outcome.get()).map { ["\($0.compared)", "\($0.differenceCount)"] } ?? ["-", "-"]
            table.add([tier.rawValue, store.name] + counts)
        }
        var lines = table.lines
        let shown = shown
        guard !shown.isEmpty || total > 0 else { return lines }
        lines.append("")
        lines += shown.map { tier, store, difference in
            TerminalText.escaped(
                "\(tier.rawValue): \(store.name) \(difference.key): \(difference.kind.text(tier: tier))")
        }
        if shown.count < total { lines.append("and \(total - shown.count) more; --limit shows more of them") }
        return lines
    }

    // MARK: For a program

    var json: JSONValue {
        var tiers: [String: JSONValue] = [:]
        for (tier, store, outcome) in rows {
            var stores = tiers[tier.rawValue]?.objectValue ?? [:]
            stores[store.name] =
                switch outcome {
                case .success(let comparison):
                    [
                        "compared": .integer(Int64(comparison.compared)),
                        "different": .integer(Int64(comparison.differenceCount)),
                    ]
                case .failure(let failure): failure.json
                }
            tiers[tier.rawValue] = .object(stores)
        }
        return [
            "tiers": .object(tiers), "total": .integer(Int64(total)),
            "differences": .array(
                shown.map { tier, store, difference in
                    var members = difference.kind.members
                    members["tier"] = .string(tier.rawValue)
                    members["store"] = .string(store.name)
                    members["key"] =
                        switch store {
                        case .conversations: (try? JSONValue(parsing: difference.key)) ?? .string(difference.key)
                        case .machines: .string(difference.key)
                        }
                    return .object(members)
                }),
        ]
    }
}

extension Migrator.Store {
    var name: String {
        switch self {
        case .conversations: "conversations"
        case .machines: "machines"
        }
    }
}

extension TierDifference.Kind {
    fileprivate func text(tier: TierName) -> String {
        switch self {
        case .missing: "missing in \(tier.rawValue)"
        case .extra: "only in \(tier.rawValue), missing on disk"
        case .older(let tier, let local): "older: from \(tier.moment), on disk from \(local.moment)"
        case .newer(let tier, let local): "newer: from \(tier.moment), on disk from \(local.moment)"
        case .content(let fields): "the same revision with other content: \(fields.joined(separator: ", "))"
        case .unreadable: "its row there cannot be read"
        }
    }

    fileprivate var members: [String: JSONValue] {
        var members: [String: JSONValue] = ["what": .string(name)]
        switch self {
        case .missing, .extra, .unreadable: break
        case .older(let tier, let local), .newer(let tier, let local):
            members["revision_there"] = .revision(tier)
            members["revision_on_disk"] = .revision(local)
        case .content(let fields): members["fields"] = .array(fields.map(JSONValue.string))
        }
        return members
    }
}

extension Revision {
    /// When it was made.
    fileprivate var moment: Timestamp { Timestamp(milliseconds: rawValue >> 16) }
}
