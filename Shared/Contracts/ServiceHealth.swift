/// Reads the health of a service. Every socket has this method.
public enum ServiceHealth: RPCMethod {
    public static let name = "service.health"
    public static let isIdempotent = true
    public typealias Params = NoParams

    public enum Status: String, Sendable, CaseIterable {
        case ok
        /// A configured part is unavailable; nothing is lost.
        case degraded
        /// Writes are stored in memory only.
        case failing
    }

    public struct Tier: Sendable, Equatable {
        public enum State: String, Sendable, CaseIterable { case up, down, probing }

        public var name: TierName
        /// `postgresql`, `sqlite` or `memory`.
        public var kind: String
        public var state: State
        /// How many writes the tier still lacks.
        public var pending: Int64
        /// How long the oldest of them has waited, in seconds.
        public var oldestPendingAge: Int64?
        public var lastError: String?
        /// How long the last write took, in milliseconds.
        public var latencyMilliseconds: Double?

        public init(
            name: TierName, kind: String, state: State, pending: Int64 = 0, oldestPendingAge: Int64? = nil,
            lastError: String? = nil, latencyMilliseconds: Double? = nil
        ) {
            self.name = name
            self.kind = kind
            self.state = state
            self.pending = pending
            self.oldestPendingAge = oldestPendingAge
            self.lastError = lastError
            self.latencyMilliseconds = latencyMilliseconds
        }
    }

    public struct Output: RPCOutput {
        public var service: String
        public var version: String
        public var startedAt: Timestamp
        public var status: Status
        public var tiers: [Tier]
        /// Counts since the start, by name.
        public var counters: [String: Int64]
        /// Histograms of durations since the start, by name: `state.save`, `reply`.
        public var histograms: [String: DurationHistogram]
        /// For the operator: the problem, when `status` is not `ok`.
        public var detail: String?

        public init(
            service: String, version: String, startedAt: Timestamp, status: Status, tiers: [Tier] = [],
            counters: [String: Int64] = [:], histograms: [String: DurationHistogram] = [:], detail: String? = nil
        ) {
            self.service = service
            self.version = version
            self.startedAt = startedAt
            self.status = status
            self.tiers = tiers
            self.counters = counters
            self.histograms = histograms
            self.detail = detail
        }

        public init(_ members: Parameters) throws(RPCError) {
            service = try members.string("service")
            version = try members.string("version")
            startedAt = try members.timestamp("started_at")
            guard let status = Status(rawValue: try members.string("status")) else {
                throw .invalidArgument("status", "ok, degraded or failing")
            }
            self.status = status
            tiers = []
            for element in try members.array("tiers") { tiers.append(try Tier(Parameters(element.objectValue ?? [:]))) }
            counters = try members.object("counters").compactMapValues(\.integerValue)
            // An older service has no histograms. One that cannot be parsed is left out, like a counter.
            histograms = (members.member("histograms")?.objectValue ?? [:]).compactMapValues(DurationHistogram.init)
            detail = members.member("detail")?.stringValue
        }

        public var json: JSONValue {
            [
                "service": .string(service),
                "version": .string(version),
                "started_at": .string(startedAt.description),
                "status": .string(status.rawValue),
                "tiers": .array(tiers.map(\.json)),
                "counters": .object(counters.mapValues(JSONValue.integer)),
                "histograms": .object(histograms.mapValues(\.json)),
                "detail": detail.json,
            ]
        }
    }
}

extension ServiceHealth.Tier {
    init(_ members: Parameters) throws(RPCError) {
        guard let name = TierName(rawValue: try members.string("name")),
            let state = State(rawValue: try members.string("state"))
        else { throw .invalidArgument("tiers", "a tier's name and state") }
        let latency: Double? =
            switch members.member("latency_ms") {
            case .integer(let value): Double(value)
            case .decimal(let spelling): Double(spelling)
            default: nil
            }
        self.init(
            name: name, kind: try members.string("kind"), state: state, pending: try members.integer("pending"),
            oldestPendingAge: members.member("oldest_pending_age_s")?.integerValue,
            lastError: members.member("last_error")?.stringValue, latencyMilliseconds: latency)
    }

    var json: JSONValue {
        [
            "name": .string(name.rawValue),
            "kind": .string(kind),
            "state": .string(state.rawValue),
            "pending": .integer(pending),
            "oldest_pending_age_s": oldestPendingAge.map(JSONValue.integer) ?? .null,
            "last_error": lastError.json,
            "latency_ms": latencyMilliseconds.map { .decimal(String($0)) } ?? .null,
        ]
    }
}
