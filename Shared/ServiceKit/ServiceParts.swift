public import ServiceLifecycle

/// What a service is made of, when it is ready to answer.
public struct ServiceParts: Sendable {
    /// Answers the calls.
    public var methods: MethodTable
    /// What runs beside, in the order of dependence. All run until the service is stopped.
    public var background: [any Service]
    /// One line for `systemctl status`.
    public var status: @Sendable () -> String
    /// The last thing that is done, after everything else has ended.
    public var close: @Sendable () async -> Void

    public init(
        methods: MethodTable, background: [any Service] = [], status: @escaping @Sendable () -> String,
        close: @escaping @Sendable () async -> Void = {}
    ) {
        self.methods = methods
        self.background = background
        self.status = status
        self.close = close
    }
}
