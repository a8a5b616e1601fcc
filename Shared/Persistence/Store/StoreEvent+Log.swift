import Contracts
public import Logging

extension Logger {
    /// Logs one line for an event of a store.
    public func note(_ event: StoreEvent) {
        switch event {
        case .diskLost(let reason):
            error(
                "the local database takes no writes; memory and the other tiers hold them",
                metadata: ["reason": "\(reason)"])
        case .diskBack: notice("the local database takes writes again")
        case .fileReplaced(let salvaged):
            error(
                "the local database was broken; it was moved aside and made anew of what could be read of it",
                metadata: ["salvaged": "\(salvaged)"])
        case .tierLost(let name, let reason):
            warning(
                "a tier is away; what it should have is owed to it",
                metadata: ["tier": "\(name.rawValue)", "reason": "\(reason)"])
        case .tierBack(let name): notice("a tier is back", metadata: ["tier": "\(name.rawValue)"])
        case .rowsAdopted(let count):
            info("rows that a tier has newer were taken in", metadata: ["count": "\(count)"])
        case .rowsQuarantined(let count):
            error(
                "rows cannot be read; they are kept in the table quarantine, and their people are asked to begin again",
                metadata: ["count": "\(count)"])
        case .clashes(let count):
            warning(
                "a tier has another machine of the same nickname; both are kept, and the person is told",
                metadata: ["count": "\(count)"])
        case .removalsHeld(let name, let count):
            error(
                "a tier tells that many records were deleted; nothing was removed, run rivetctl accept or reject",
                metadata: ["tier": "\(name.rawValue)", "count": "\(count)"])
        case .refused(let name, let reason):
            error(
                "a tier refuses what it is asked; records stay owed, and it is tried again",
                metadata: ["tier": "\(name?.rawValue ?? "unknown")", "reason": "\(reason)"])
        }
    }
}
