import Contracts
import Foundation
import Persistence

/// People who keep machines, one request at a time each, and who ask again until they know what came of it.
final class MachineClients: Clients {
    typealias Table = VirtualMachineTable

    private enum Request {
        case add(id: String, nickname: String)
        case rename(id: String, nickname: String, mark: String)
        case delete(id: String)
        case restore(id: String, nickname: String)

        var id: String {
            switch self {
            case .add(let id, _), .rename(let id, _, _), .delete(let id), .restore(let id, _): id
            }
        }
    }

    private final class Person {
        let userID: String
        var current: Request?
        var attempts = 0
        /// Machines that the store has told of.
        var machines: [String] = []

        init(_ userID: String) { self.userID = userID }
    }

    private static let nicknames = ["Pump", "Fan", "Mill", "Saw", "PUMP", "mill", "Straße", "STRASSE"]
    private static let machinesMax = 5

    private let world: World<Table>
    private let people: [Person]
    private var idsGiven = 0
    private var isEnding = true

    init(_ world: World<Table>) {
        self.world = world
        people = (0..<world.scenario.clients).map { Person("\($0)") }
    }

    private var dice: Dice { world.dice }
    var isIdle: Bool { people.allSatisfy { $0.current == nil } }
    var summary: String { people.compactMap { person in person.current.map { "\(person.userID): \($0)" } }.joined() }

    func begin() {
        isEnding = false
        for person in people { planNext(person) }
    }

    func end() { isEnding = true }

    func storeStarted() { for person in people where person.current != nil { planAgain(person) } }

    // MARK: Requests

    private func planNext(_ person: Person) {
        world.plan(after: dice.time(5...1_500)) { [self] in
            guard person.current == nil, !isEnding else { return }
            person.current = draw(person)
            deliver(person)
        }
    }

    private func draw(_ person: Person) -> Request {
        let nickname = dice.one(of: Self.nicknames)
        guard person.machines.count > 1, !dice.chance(person.machines.count < Self.machinesMax ? 0.3 : 0) else {
            return .add(id: newID(), nickname: nickname)
        }
        let id = dice.one(of: person.machines)
        return switch dice.number(0...5) {
        case 0: .delete(id: id)
        case 1: .restore(id: id, nickname: nickname)
        default: .rename(id: id, nickname: nickname, mark: "mark \(dice.number(1...1_000_000))")
        }
    }

    private func newID() -> String {
        idsGiven += 1
        return String(format: "%08x-0000-4000-8000-%012x", dice.number(0...Int(UInt32.max)), idsGiven)
    }

    private func planAgain(_ person: Person) {
        person.attempts += 1
        let attempt = person.attempts
        world.plan(after: dice.time(10...1_500)) { [self] in if person.attempts == attempt { deliver(person) } }
    }

    private func deliver(_ person: Person) {
        guard let request = person.current else { return }
        person.attempts += 1
        let attempt = person.attempts
        submit(request, person)
        if dice.chance(0.05) { submit(request, person) }
        world.plan(after: dice.time(2_000...6_000)) { [self] in
            if person.attempts == attempt, person.current != nil { deliver(person) }
        }
    }

    private func submit(_ request: Request, _ person: Person) {
        let (world, userID) = (world, person.userID)
        var revision: Revision?
        var refusal: RPCError?
        world.submit(
            StoreOperation(
                decide: { transaction in
                    do throws(RPCError) {
                        let before = try transaction.get(request.id)
                        revision = try Self.decide(request, userID, before, &transaction)
                        if let after = try transaction.get(request.id), after.revision != before?.revision {
                            world.note(
                                "\(userID): \(request) makes \(after.summary) of \(before?.summary ?? "nothing")")
                            world.decided(after, over: before)
                        }
                        return true
                    } catch {
                        refusal = error
                        return false
                    }
                },
                done: { [self] placement in
                    if let refusal { return failed(person, request, refusal) }
                    done(person, request, revision, placement)
                },
                failed: { [self] in failed(person, request, $0) }))
    }

    private static func decide(
        _ request: Request, _ userID: String, _ before: MachineRecord?, _ transaction: inout StoreTransaction<Table>
    ) throws(RPCError) -> Revision? {
        switch request {
        case .add(let id, let nickname):
            return try transaction.add(.init(requestID: id, userID: userID, details: .init(nickname: nickname)))
                .revision
        case .rename(let id, let nickname, let mark):
            // A client that repeats the call first checks whether it took effect.
            guard let before, before.details.texts[.notes] != mark else { return before?.revision }
            return try transaction.update(
                .init(
                    reference: .init(userID: userID, id: id), expectedRevision: before.revision,
                    changes: .init(nickname: nickname, texts: [.notes: mark]))
            ).revision
        case .delete(let id):
            _ = try transaction.delete(.init(userID: userID, id: id))
            return try transaction.get(id)?.revision
        case .restore(let id, let nickname):
            return try transaction.restore(.init(reference: .init(userID: userID, id: id), nickname: nickname)).revision
        }
    }

    private func done(_ person: Person, _ request: Request, _ revision: Revision?, _ placement: Placement) {
        if let revision {
            if world.model.version(request.id, revision) == nil {
                world.model.violated("\(request.id): answered with \(revision.rawValue), which nobody decided")
            }
            world.acknowledged(request.id, revision, placement)
        }
        guard person.current?.id == request.id else { return }
        guard placement.isDurable || revision == nil else { return planAgain(person) }
        if case .add(let id, _) = request, !person.machines.contains(id) { person.machines.append(id) }
        person.current = nil
        planNext(person)
    }

    private func failed(_ person: Person, _ request: Request, _ error: RPCError) {
        world.note("\(person.userID): \(request) failed: \(error)")
        guard person.current?.id == request.id else { return }
        switch error.code {
        case .duplicateNickname, .notFound:
            // An answer of its own. A machine that was added unknown to its person is found by another add.
            person.current = nil
            planNext(person)
        case .internalError: world.model.violated("\(request.id): \(error)")
        default: planAgain(person)
        }
    }

    // MARK: Another program

    /// Adds a machine, perhaps of a name that is there, or changes one, perhaps its name.
    func changeOutside(_ tier: VirtualTier<MachineRecord>) {
        let moment = world.clock.wall.advanced(by: world.foreignClockError())
        let shared = tier.sortedRows.filter {
            world.model.facts[$0.record.id]?.isShared == true && !$0.record.isDeleted
        }
        if let row = shared.first, dice.chance(0.5) {
            if dice.chance(0.3), row.stored == row.revision {
                let record = row.shown.changedOutside(at: row.record.updatedAt, by: "silently \(dice.number(1...9))")
                tier.changedSilently(record)
                world.note("\(tier.name.rawValue): another program silently makes \(record.summary)")
                return world.model.wroteSilently(record, clock: world.clock)
            }
            // Two programs' changes of one millisecond cannot be told apart: one of them stays, anywhere.
            guard Revision(at: moment) > row.revision,
                world.model.version(row.record.id, Revision(at: moment)) == nil
            else { return }
            var record = row.shown.changedOutside(at: moment, by: "outside \(dice.number(1...1_000))")
            if dice.chance(0.3) {
                record.details.nickname = dice.one(of: Self.nicknames)
                let isTaken = tier.sortedRows.contains { other in
                    other.record.id != record.id && other.record.nameOfItsOwn == record.nameOfItsOwn
                }
                if isTaken { return }
            }
            tier.changedOutside(record, isNew: false)
            record.revision = Revision(at: moment)
            world.model.wroteOutside(record, over: row.revision, clock: world.clock)
            return
        }
        var record = MachineRecord(
            id: newID(), userID: dice.one(of: people).userID, nickname: dice.one(of: Self.nicknames), at: moment)
        guard !tier.sortedRows.contains(where: { $0.record.nameOfItsOwn == record.nameOfItsOwn }) else { return }
        tier.changedOutside(record, isNew: true)
        record.revision = Revision(at: moment)
        world.note("\(tier.name.rawValue): another program adds \(record.id) \(record.summary)")
        world.model.wroteOutside(record, over: .none, clock: world.clock)
    }
}

extension MachineRecord {
    /// As another program adds it: it knows of no revision.
    fileprivate init(id: String, userID: String, nickname: String, at moment: Timestamp) {
        self.init(
            id: id, requestID: nil, revision: .none, userID: userID, details: MachineDetails(nickname: nickname),
            createdAt: moment, updatedAt: moment)
    }
}
