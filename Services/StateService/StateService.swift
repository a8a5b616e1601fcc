import Contracts
import Glibc
import Persistence
import ServiceKit

/// `rivet-state`: owns `conversation_states`, its tiers, its revisions and its time to live.
@main
struct StateService {
    static func main() async {
        exit(await ServiceProcess.run(name: "rivet-state", socketName: "state") { try await assemble($0) })
    }

    private static func assemble(_ context: ServiceContext) async throws -> ServiceParts {
        let settings = try StateSettings(context.settings)
        let logger = context.logger
        logger.note(settings.remoteTiers)
        let store = try await ConversationStore(
            path: settings.databasePath, memoryLimit: settings.tiers.memoryLimit, timeToLive: settings.conversationTTL,
            now: Timestamp.now, remote: settings.remoteTiers, journalPath: settings.journalPath,
            happened: { logger.note($0) }, progressed: { context.progressed($0.rawValue) })
        if let path = settings.legacyPath {
            await LegacyImport(path: path, store: store, logger: logger, progressed: context.progressed).run()
        }
        let changes = TierChanges(from: settings.remoteTiers)
        let sweeper = Sweeper(store: store, logger: logger)
        return ServiceParts(
            methods: methods(of: store, context),
            background: [
                Every(settings.sweepInterval, first: min(.seconds(60), settings.sweepInterval)) {
                    await sweeper.sweep()
                }
            ],
            vitals: [Vital("storing") { await store.pulse() }],
            reload: .init(TierSettings.reloadable) { settings throws(ConfigurationError) in
                let new = try StateSettings(settings).remoteTiers
                logger.note(new)
                do throws(RPCError) {
                    return try await changes.apply(new) { await store.changeTiers($0, keeping: $1) }
                } catch { throw ConfigurationError(name: "*_DATABASE_URL", accepted: error.message) }
            },
            status: { store.status.summary },
            close: { await store.close() })
    }

    private static func methods(of store: ConversationStore, _ context: ServiceContext) -> MethodTable {
        var methods = MethodTable()
        methods.on(StateLoad.self, isTimed: true) { params throws(RPCError) in
            if let output = store.loadFromMemory(params) { return .now(output) }
            return .later(store.load(params))
        }
        methods.on(StateSave.self, isTimed: true) { params throws(RPCError) in .later(store.save(params)) }
        methods.on(StateClear.self) { params throws(RPCError) in .later(store.clear(params)) }
        methods.on(StateList.self) { params throws(RPCError) in .later(try store.list(params)) }
        methods.on(StateSweep.self) { _ throws(RPCError) in
            .later { await store.sweep().map { StateSweep.Output(deleted: Int64($0)) } }
        }
        methods.on(StateImport.self) { params throws(RPCError) in
            .later {
                await store.importConversations(params.conversations).map { StateImport.Output(imported: Int64($0)) }
            }
        }
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
