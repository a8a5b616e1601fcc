import Glibc
import ServiceKit

/// `rivet-gateway`: updates in, replies out; one ordered lane per chat and person.
@main
struct GatewayMain {
    static func main() async {
        exit(
            await ServiceProcess.run(name: "rivet-gateway", socketName: "gateway") { context in
                let gateway = Gateway(try GatewaySettings(context.settings), context)
                try await gateway.bind()
                var methods = MethodTable()
                methods.onHealth(context) { gateway.reportHealth() }
                return ServiceParts(
                    methods: methods, background: [gateway],
                    vitals: [Vital("receiving") { await gateway.pulse() }],
                    work: ("updates", { gateway.updatesReceived }),
                    reload: .init(["RIVET_ALLOWED_USERS"]) { settings throws(ConfigurationError) in
                        try gateway.reload(settings)
                    },
                    status: { gateway.statusLine },
                    close: { await gateway.close() })
            })
    }
}
