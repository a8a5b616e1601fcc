import Contracts
import Glibc
import Logging
import Persistence
import ServiceKit

/// `rivet-library`: owns `user_machines`, its tiers and the check for duplicate nicknames.
@main
struct LibraryService {
    /// How often the service empties the tombstones of machines that were deleted long ago. More than once a day: the
    /// service does not trust a clock that it has watched for a short time only.
    static let pruneInterval = Duration.seconds(3_600)

    static func main() async {
        exit(await ServiceProcess.run(name: "rivet-library", socketName: "library") { try await assemble($0) })
    }

    private static func assemble(_ context: ServiceContext) async throws -> ServiceParts {
        let tiers = try TierSettings(context.settings)
        let remoteTiers = try remoteTiers(tiers)
        let changes = TierChanges(from: remoteTiers)
        let logger = context.logger
        logger.note(remoteTiers)
        let store = try await MachineStore(
            path: context.settings.stateDirectory + "/library.db", memoryLimit: tiers.memoryLimit, now: Timestamp.now,
            remote: remoteTiers, journalPath: context.settings.runtimeDirectory + "/library.journal",
            happened: { logger.note($0) }, progressed: { context.progressed($0.rawValue) })
        return ServiceParts(
            methods: methods(of: store, context),
            background: [
                Every(pruneInterval, first: .seconds(60)) {
                    if case .failure(let error) = await store.prune() {
                        logger.warning("pruning failed; it runs again", metadata: ["error": "\(error)"])
                    }
                }
            ],
            vitals: [Vital("storing") { await store.pulse() }],
            reload: .init(TierSettings.reloadable) { settings throws(ConfigurationError) in
                let new = try Self.remoteTiers(try TierSettings(settings))
                logger.note(new)
                do throws(RPCError) {
                    return try await changes.apply(new) { await store.changeTiers($0, keeping: $1) }
                } catch { throw ConfigurationError(name: "*_DATABASE_URL", accepted: error.message) }
            },
            status: { store.status.summary },
            close: { await store.close() })
    }

    private static func remoteTiers(_ tiers: TierSettings) throws(ConfigurationError) -> RemoteTiers {
        RemoteTiers(
            try tiers.databases { try PostgresTarget(url: $0, applicationName: "rivet-library") },
            durability: tiers.durability, deadline: tiers.remoteDeadline, heartbeat: tiers.heartbeat,
            host: tiers.hostNumber)
    }

    private static func methods(of store: MachineStore, _ context: ServiceContext) -> MethodTable {
        var methods = MethodTable()
        methods.on(LibraryCheckNickname.self) { params throws(RPCError) in .later(store.checkNickname(params)) }
        methods.on(LibraryAdd.self, isTimed: true) { params throws(RPCError) in .later(store.add(params)) }
        methods.on(LibraryList.self, isTimed: true) { params throws(RPCError) in .later(try store.list(params)) }
        methods.on(LibraryGet.self) { params throws(RPCError) in .later(store.get(params)) }
        methods.on(LibraryUpdate.self) { params throws(RPCError) in .later(store.update(params)) }
        methods.on(LibraryDelete.self) { params throws(RPCError) in .later(store.delete(params)) }
        methods.on(LibraryRestore.self) { params throws(RPCError) in .later(store.restore(params)) }
        methods.on(LibraryRenamings.self) { _ throws(RPCError) in .later(store.renamings()) }
        methods.on(LibraryRenamingTold.self) { params throws(RPCError) in .later(store.renamingTold(params)) }
        methods.on(TiersPull.self) { _ throws(RPCError) in
            store.reconcile()
            return .now(TiersPull.Output(started: store.status.remote.map(\.name)))
        }
        methods.on(TiersRemovals.self) { params throws(RPCError) in .later { await store.decide(params) } }
        methods.on(StoreAcknowledge.self) { _ throws(RPCError) in .later { await store.acknowledge() } }
        methods.onHealth(context) { store.status.healthReport(at: .now()) }
        return methods
    }
}
