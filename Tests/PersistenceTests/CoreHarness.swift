import Contracts
import Foundation
import Synchronization
import Testing

@testable import Persistence

/// A store on a new file, and a clock that a test moves.
final class CoreHarness {
    let file: TemporaryFile
    let ports: [TierName: ScriptedPort]
    let core: StoreCore<FaultyTable>
    private let elapsed: Elapsed

    private final class Elapsed: Sendable {
        let start = ContinuousClock.now
        let duration = Mutex(Duration.zero)
    }

    init(
        _ tiers: [TierName], memoryLimit: Int = 1 << 20, policy: TierPolicy = TierPolicy(),
        file: TemporaryFile? = nil, journal: (any MemoryJournal<ConversationRecord>)? = nil, content: Data? = nil
    ) throws {
        let file = try file ?? TemporaryFile("state.db")
        self.file = file
        if let content { try content.write(to: URL(filePath: file.path)) }
        ports = Dictionary(uniqueKeysWithValues: tiers.map { ($0, ScriptedPort()) })
        let elapsed = Elapsed()
        self.elapsed = elapsed
        core = StoreCore(
            path: file.path, memory: SharedMemory(limit: memoryLimit),
            time: StoreTime(
                wall: TestClock().now, instant: { elapsed.start + elapsed.duration.withLock { $0 } }),
            policy: policy, ports: ports.map { ($0.key, $0.value) }, journal: journal)
    }

    func advance(_ duration: Duration) {
        elapse(duration)
        core.tick()
    }

    /// Advances the clock without an event: the core learns the time with its next event.
    func elapse(_ duration: Duration) { elapsed.duration.withLock { $0 += duration } }

    func report(_ tier: TierName, _ event: TierEvent<ConversationRecord>) throws {
        core.received(event, from: tier, link: try #require(ports[tier]).link)
    }

    /// Responds to all requests of the tier with success, until there are no more.
    @discardableResult
    func answerAll(_ tier: TierName) throws -> [ScriptedPort.Asked] {
        let port = try #require(ports[tier])
        var done: [ScriptedPort.Asked] = []
        while case let asked = port.takeAll(), !asked.isEmpty {
            for (request, what) in asked {
                done.append(what)
                try report(tier, .answered(request: request, answer(to: what)))
            }
        }
        return done
    }

    /// The same, while time passes.
    func answerAll(_ tier: TierName, waiting duration: Duration) throws -> [ScriptedPort.Asked] {
        var (done, passed) = (try answerAll(tier), Duration.zero)
        while passed < duration {
            advance(.milliseconds(50))
            passed += .milliseconds(50)
            done += try answerAll(tier)
        }
        return done
    }

    /// The response of a tier that fulfills the request.
    func answer(to what: ScriptedPort.Asked) -> TierAnswer<ConversationRecord> {
        switch what {
        case .page: .page(TierPage(rows: [], next: nil))
        case .write: .written(unstored: [])
        case .touch(_, let next): .touched(TierContact(mark: 1, visit: next))
        }
    }

    func connect(_ tier: TierName, mark: Int64 = 1, visit: Int64 = 0) throws {
        try report(tier, .connected(TierContact(mark: mark, visit: visit)))
        try answerAll(tier)
    }

    /// The notes of debts on the disk, oldest first.
    func notes() throws -> [Debt<ConversationKey>] {
        try #require(core.table).debts(of: TierSet([.neon, .supabase, .railway]))
    }

    func save(_ step: String, user: String = "7") throws -> (revision: Revision, placement: () -> Placement?) {
        var (revision, placement) = (Revision.none, Placement?.none)
        var failure: RPCError?
        core.perform([
            StoreOperation(
                decide: { transaction in
                    do throws(RPCError) {
                        let key = ConversationKey(userID: user, chatID: user)
                        let stored = try transaction.get(key)
                        revision = transaction.nextRevision(after: stored?.revision ?? .none)
                        transaction.put(Self.record(step, revision, over: stored, key: key))
                        return true
                    } catch {
                        failure = error
                        return false
                    }
                }, done: { placement = $0 }, failed: { failure = $0 })
        ])
        if let failure { throw failure }
        return (revision, { placement })
    }

    static func record(
        _ step: String, _ revision: Revision, over stored: ConversationRecord? = nil,
        key: ConversationKey = ConversationKey(userID: "7", chatID: "7")
    ) -> ConversationRecord {
        ConversationRecord.saved(
            .init(key: key, step: step, data: [:]), over: stored, revision: revision,
            now: Timestamp(milliseconds: 1_800_000_000_000), timeToLive: .seconds(3_600))
    }
}
