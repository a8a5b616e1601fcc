public import ServiceLifecycle

/// The parts of a service that is ready to serve calls.
public struct ServiceParts: Sendable {
    /// Handles the calls.
    public var methods: MethodTable
    /// The services that run in the background, each after those it depends on. All run until the service is stopped.
    public var background: [any Service]
    /// The vitals besides the serving of calls. The watchdog pings systemd only while all of them work.
    public var vitals: [Vital]
    /// The work that the status line counts: its name, and the count since the start. Nil counts calls.
    public var work: (name: String, count: @Sendable () -> Int64)?
    /// Applies the settings that can change while the service runs.
    public var reload: Reload
    /// One line for `systemctl status`.
    public var status: @Sendable () -> String
    /// Called last, after all other parts have ended.
    public var close: @Sendable () async -> Void

    /// How a service applies changed settings.
    public struct Reload: Sendable {
        /// Variables that take effect without a restart.
        public var variables: Set<String>
        /// Applies all of the settings, or none if one is wrong.
        /// - Returns: what changed, for the log.
        public var apply: @Sendable (Settings) async throws(ConfigurationError) -> [String]

        public init(
            _ variables: Set<String> = [],
            apply: @escaping @Sendable (Settings) async throws(ConfigurationError) -> [String] = { _ in [] }
        ) {
            self.variables = variables
            self.apply = apply
        }
    }

    public init(
        methods: MethodTable, background: [any Service] = [], vitals: [Vital] = [],
        work: (name: String, count: @Sendable () -> Int64)? = nil, reload: Reload = Reload(),
        status: @escaping @Sendable () -> String, close: @escaping @Sendable () async -> Void = {}
    ) {
        self.methods = methods
        self.background = background
        self.vitals = vitals
        self.work = work
        self.reload = reload
        self.status = status
        self.close = close
    }
}
