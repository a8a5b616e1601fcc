public import ServiceLifecycle

/// What a service is made of, when it is ready to answer.
public struct ServiceParts: Sendable {
    /// Answers the calls.
    public var methods: MethodTable
    /// What runs beside, in the order of dependence. All run until the service is stopped.
    public var background: [any Service]
    /// What must do its work for systemd to be told that the process works, beside the answering of calls.
    public var vitals: [Vital]
    /// What is counted in the status, and how many of them there were since the start; nil: calls.
    public var work: (name: String, count: @Sendable () -> Int64)?
    /// Takes over what can be taken over while the service runs.
    public var reload: Reload
    /// One line for `systemctl status`.
    public var status: @Sendable () -> String
    /// The last thing that is done, after everything else has ended.
    public var close: @Sendable () async -> Void

    /// How a service takes over settings that were changed.
    public struct Reload: Sendable {
        /// Variables that need no restart.
        public var variables: Set<String>
        /// Takes the settings over, all of them or, when one is wrong, none.
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
