import Contracts
import Synchronization

@testable import Gateway

/// Both peers in memory, as the contract describes them, with faults on request.
///
/// The real ones also check parameters, expire conversations, forget old update ids, and list conversations in pages.
final class FakeServices: ServiceCalls {
    struct Row {
        var step = ""
        var data: [String: JSONValue] = [:]
        var revision: Int64 = 0
        var isOpen = false
        var startedAt: Int64 = 0
        var lastUpdate: Int64?
        var applied: [Int64: AppliedUpdate] = [:]
        /// What is kept of the conversation that was cleared last.
        var kept: KeptDraft?
    }

    struct Content {
        var rows: [ConversationKey: Row] = [:]
        var machines: [String: Machine] = [:]
        var isStateDurable = true
        var isLibraryDurable = true
        /// How many calls succeed before one fails, and whether that one takes effect.
        var failure: (after: Int, afterEffect: Bool)?
        var clock: Int64 = 1_000
        /// How long each row is kept, in milliseconds.
        var expiresIn: Int64 = 1
        var log: [String] = []
    }

    let content = Mutex(Content())

    func call<Method: RPCMethod>(
        _ method: Method.Type, _ params: Method.Params
    ) async throws(ServiceFailure) -> Method.Output {
        let outcome: Result<Method.Output, ServiceFailure> = content.withLock { content in
            content.clock += 1
            content.log.append(Method.name)
            let fails = content.failure.map { $0.after == 0 } ?? false
            content.failure?.after -= 1
            let lost = Result<Method.Output, ServiceFailure>.failure(.unavailable(.state, reason: "test"))
            if fails, content.failure?.afterEffect == false { return lost }
            do throws(RPCError) {
                guard let output = try content.answer(params) as? Method.Output else {
                    throw RPCError(.methodNotFound, Method.name)
                }
                return fails ? lost : .success(output)
            } catch {
                return .failure(.refused(error))
            }
        }
        return try outcome.get()
    }

    func row(_ lane: LaneKey, _ type: String = ConversationKey.addMachine) -> Row? {
        content.withLock { $0.rows[lane.conversation(type)] }
    }
}

extension FakeServices.Content {
    mutating func answer(_ params: any RPCParams) throws(RPCError) -> any RPCOutput {
        switch params {
        case let params as StateLoad.Params: return load(params)
        case let params as StateSave.Params: return try save(params)
        case let params as StateList.Params: return list(params)
        case let params as StateClear.Params: return clear(params)
        case let params as LibraryCheckNickname.Params:
            let taken = isTaken(params.nickname, params.userID, except: nil)
            return LibraryCheckNickname.Output(available: !taken, suggestion: taken ? params.nickname + " (2)" : nil)
        case let params as LibraryAdd.Params: return try add(params)
        case let params as LibraryList.Params:
            let own = machines.values.filter { $0.userID == params.userID }.sorted { $0.revision > $1.revision }
            let first = params.cursor.flatMap { Int($0) } ?? 0
            let page = own.dropFirst(first).prefix(Int(params.limit))
            let end = first + page.count
            return LibraryList.Output(
                machines: Array(page), total: Int64(own.count), nextCursor: end < own.count ? String(end) : nil)
        case let params as MachineReference:
            guard let machine = machines.values.first(where: { $0.id == params.id }) else {
                throw RPCError(.notFound, "no machine")
            }
            return LibraryGet.Output(machine: machine)
        default: throw RPCError(.methodNotFound, "unknown")
        }
    }

    private var placement: Placement { Placement(isStateDurable ? [.sqlite, .memory] : [.memory]) }

    private func load(_ params: StateLoad.Params) -> StateLoad.Output {
        let row = rows[params.key]
        let state = row.flatMap { row in
            row.isOpen
                ? Conversation(
                    step: row.step, data: row.data, revision: Revision(rawValue: row.revision),
                    updateID: row.lastUpdate,
                    startedAt: Timestamp(milliseconds: row.startedAt), updatedAt: Timestamp(milliseconds: clock),
                    expiresAt: Timestamp(milliseconds: clock + expiresIn), storedIn: placement.storedIn) : nil
        }
        return StateLoad.Output(
            state: state, applied: params.updateID.flatMap { row?.applied[$0] },
            lastClear: params.updateID != nil && state == nil ? row?.kept : nil, tellsApplied: params.updateID != nil)
    }

    /// Lists everything on one page.
    private func list(_ params: StateList.Params) -> StateList.Output {
        let keys = rows.keys.filter { $0.type == params.type }.sorted {
            ($0.chatID, $0.userID) < ($1.chatID, $1.userID)
        }
        let items = keys.compactMap { key in
            load(StateLoad.Params(key: key)).state.map { StateList.Output.Item(key: key, state: $0) }
        }
        return StateList.Output(conversations: items, nextCursor: nil)
    }

    private mutating func save(_ params: StateSave.Params) throws(RPCError) -> StateSave.Output {
        var row = rows[params.key] ?? FakeServices.Row()
        if let id = params.updateID, row.applied[id] != nil { return saved(row) }
        if let expected = params.expectedRevision, expected.rawValue != (row.isOpen ? row.revision : 0) {
            throw RPCError(.revisionConflict, "conflict", revision: row.revision)
        }
        if !row.isOpen { row.startedAt = clock }
        row.kept = nil
        (row.step, row.data, row.isOpen, row.lastUpdate) = (params.step, params.data, true, params.updateID)
        row.revision = clock
        if let id = params.updateID { row.applied[id] = AppliedUpdate(cleared: nil) }
        rows[params.key] = row
        return saved(row)
    }

    private func saved(_ row: FakeServices.Row) -> StateSave.Output {
        StateSave.Output(
            revision: Revision(rawValue: row.revision), expiresAt: Timestamp(milliseconds: clock), placement: placement)
    }

    private mutating func clear(_ params: StateClear.Params) -> StateClear.Output {
        guard var row = rows[params.key] else {
            return StateClear.Output(cleared: false, revision: nil, placement: Placement(storedIn: [], isDurable: true))
        }
        let isRepeated = params.updateID.map { row.applied[$0]?.cleared != nil } ?? false
        if !isRepeated, row.isOpen {
            let time = Timestamp(milliseconds: clock)
            let isKept = params.reason == .expired || params.reason == .cancelled
            row.kept =
                isKept
                ? KeptDraft(
                    reason: params.reason, step: row.step, data: row.data,
                    startedAt: Timestamp(milliseconds: row.startedAt), updatedAt: time, expiresAt: time,
                    keptUntil: time.advanced(by: .seconds(86_400))) : nil
            (row.isOpen, row.data) = (false, [:])
            row.revision = clock
            if let id = params.updateID {
                row.applied[id] = AppliedUpdate(
                    cleared: .init(reason: params.reason, outcome: params.outcome ?? .null))
            }
            rows[params.key] = row
        }
        return StateClear.Output(cleared: true, revision: Revision(rawValue: row.revision), placement: placement)
    }

    private func isTaken(_ nickname: String, _ userID: String, except requestID: String?) -> Bool {
        machines.contains { id, machine in
            id != requestID && machine.userID == userID
                && Nickname.folded(machine.details.nickname) == Nickname.folded(nickname)
        }
    }

    private mutating func add(_ params: LibraryAdd.Params) throws(RPCError) -> StoredMachine {
        if machines[params.requestID] == nil {
            guard !isTaken(params.details.nickname, params.userID, except: params.requestID) else {
                throw RPCError(.duplicateNickname, "taken", suggestion: "x")
            }
            let id = MachineRequestID.make(userID: "machine", chatID: "", tag: params.requestID)
            machines[params.requestID] = Machine(
                id: id, userID: params.userID, details: params.details, revision: Revision(rawValue: clock),
                createdAt: Timestamp(milliseconds: clock), updatedAt: Timestamp(milliseconds: clock),
                storedIn: [.sqlite])
        }
        guard let machine = machines[params.requestID] else { throw RPCError(.internalError, "gone") }
        return StoredMachine(machine: machine, isDurable: isLibraryDurable)
    }
}
