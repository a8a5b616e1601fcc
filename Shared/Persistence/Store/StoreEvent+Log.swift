import Contracts
public import Logging

extension Logger {
    /// Logs one line for an event of a store.
    public func note(_ event: StoreEvent) {
        switch event {
        case .diskLost(let reason):
            error(
                "the local database takes no writes; memory and the other tiers store them",
                metadata: ["reason": "\(reason)"])
        case .diskBack: notice("the local database takes writes again")
        case .fileReplaced(let salvaged):
            error(
                "the local database was broken; it was moved aside, and a new one has its readable rows",
                metadata: ["salvaged": "\(salvaged)"])
        case .tierLost(let name, let reason):
            warning(
                "a tier is away; its writes are queued until it is back",
                metadata: ["tier": "\(name.rawValue)", "reason": "\(reason)"])
        case .tierBack(let name): notice("a tier is back", metadata: ["tier": "\(name.rawValue)"])
        case .rowsAdopted(let count):
            info("newer rows of a tier were imported", metadata: ["count": "\(count)"])
        case .rowsQuarantined(let count):
            error(
                "rows cannot be read; they are in the table quarantine, and the bot asks their people to begin again",
                metadata: ["count": "\(count)"])
        case .clashes(let count):
            warning(
                "a tier has another machine with the same nickname; both are kept, and the bot informs the person",
                metadata: ["count": "\(count)"])
        case .removalsHeld(let name, let count):
            error(
                "a tier reports that many records were deleted; nothing was removed, run rivetctl accept or reject",
                metadata: ["tier": "\(name.rawValue)", "count": "\(count)"])
        case .refused(let name, let reason):
            error(
                "a tier refuses a request; its records stay owed and are tried again",
                metadata: ["tier": "\(name?.rawValue ?? "unknown")", "reason": "\(reason)"])
        }
    }
}
