import Persistence

/// In a few words, for a trace.
extension TierEvent where Record: SimulatedRecord {
    var summary: String {
        switch self {
        case .connected(let contact): "contact, visit \(contact.visit)"
        case .lost(let reason): "lost: \(reason)"
        case .answered(let request, let answer): "answers \(request): \(answer.summary)"
        }
    }
}

extension TierAnswer where Record: SimulatedRecord {
    var summary: String {
        switch self {
        case .written(let unstored): unstored.isEmpty ? "written" : "written but for \(unstored.map(\.summary))"
        case .refused(let refusal): "refused: \(refusal.kind) \(refusal.index.map(String.init) ?? "-")"
        case .page(let page): "\(page.rows.map(\.record.line))\(page.next == nil ? ", the last" : "")"
        case .rival(let rival): "rival \(rival?.line ?? "none")"
        case .touched(let contact): "touched, visit \(contact.visit)"
        case .pruned(let count): "pruned \(count)"
        }
    }
}

extension SimulatedRecord {
    var line: String { "\(key.cursorText) \(summary)" }
}

extension TierUnstored where Record: SimulatedRecord {
    fileprivate var summary: String {
        switch cause {
        case .held(let row): "\(index): has \(row.record.line)"
        case .refused(let refusal): "\(index): \(refusal.kind)"
        }
    }
}
