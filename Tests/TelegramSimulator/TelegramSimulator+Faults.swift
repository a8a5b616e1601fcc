/// Faults between Telegram and the bot.
extension TelegramSimulator {
    /// Stands for every method in the faults below.
    public static let anyMethod = FaultPlan.anyMethod

    /// Fails the next `count` requests for `method`, after letting `skipping` of them through.
    public func failNext(_ method: String, count: Int = 1, skipping: Int = 0, with fault: SimulatedFault) {
        change { core, _ in
            core.faults.failNext(SimulatorCore.canonical(method), count: count, skip: skipping, with: fault)
        }
    }

    /// Fails every request for `method` until `heal`.
    public func fail(_ method: String, with fault: SimulatedFault) {
        change { core, _ in core.faults.fail(SimulatorCore.canonical(method), with: fault) }
    }

    /// Ends the faults of `method`, or all of them. Requests that hang continue to hang.
    public func heal(_ method: String? = nil) {
        change { core, _ in core.faults.heal(method.map(SimulatorCore.canonical)) }
    }

    /// Fails every request for `method` while `body` runs.
    public nonisolated func failing<Value: Sendable>(
        _ method: String, with fault: SimulatedFault, while body: @Sendable () async throws -> Value
    ) async throws -> Value {
        await fail(method, with: fault)
        do {
            let value = try await body()
            await heal(method)
            return value
        } catch {
            await heal(method)
            throw error
        }
    }

    /// Turns Telegram's limits on sending on, or off with nil. They are off at first.
    public func limitRates(_ limits: SimulatedRateLimits?) {
        change { core, _ in core.rateLimiter = limits.map(RateLimiter.init) }
    }

    /// Turns privacy mode off, as for a bot that is an administrator of its groups; or on again.
    public func setPrivacyMode(_ isOn: Bool) { change { core, _ in core.isInPrivacyMode = isOn } }

    /// The number of messages that `limitRates` refused.
    public var rateLimitedCount: Int { core.statistics.rateLimited }
}
