/// The description of one metric for Prometheus.
struct MetricFamily: Sendable, Hashable {
    enum Kind: String, Sendable { case counter, gauge, histogram }

    /// The base units of Prometheus. The name of a metric ends in its unit.
    enum Unit: String, Sendable { case none, seconds, bytes }

    /// Without the suffixes of a histogram's samples, such as `_bucket`.
    var name: String
    var kind: Kind
    var unit: Unit = .none
    /// One sentence, for a person who reads its graph.
    var help: String
}

extension MetricFamily {
    static let up = MetricFamily(
        name: "rivet_up", kind: .gauge, help: "Whether the service answered the health call (1) or not (0).")
    static let buildInfo = MetricFamily(
        name: "rivet_build_info", kind: .gauge, help: "1, with the version that the service reports.")
    static let startTime = MetricFamily(
        name: "rivet_start_time_seconds", kind: .gauge, unit: .seconds,
        help: "When the service's process started, since the Unix epoch.")
    static let status = MetricFamily(
        name: "rivet_status", kind: .gauge,
        help: "The service's status: 1 for the current status, 0 for the others. While degraded, nothing is lost.")
    static let tierState = MetricFamily(
        name: "rivet_tier_state", kind: .gauge,
        help: "The state of a storage tier as the service sees it: 1 for the current state, 0 for the others.")
    static let tierPending = MetricFamily(
        name: "rivet_tier_pending_writes", kind: .gauge, help: "Writes that the tier has not received yet.")
    static let tierOldestPending = MetricFamily(
        name: "rivet_tier_oldest_pending_age_seconds", kind: .gauge, unit: .seconds,
        help: "How long the oldest write that the tier has not received yet has waited; 0 when there is none.")
    static let tierLatency = MetricFamily(
        name: "rivet_tier_latency_seconds", kind: .gauge, unit: .seconds,
        help: "How long the last write to the tier took. Absent before the first one.")
    static let callDuration = MetricFamily(
        name: "rivet_call_duration_seconds", kind: .histogram, unit: .seconds,
        help: "From the reading of a request until its response is in the socket's buffer, errors included.")
    static let replyDuration = MetricFamily(
        name: "rivet_reply_duration_seconds", kind: .histogram, unit: .seconds,
        help: "From the receipt of a Telegram update until Telegram has accepted its reply.")
    static let storeTurnDuration = MetricFamily(
        name: "rivet_store_turn_duration_seconds", kind: .histogram, unit: .seconds,
        help: "How long one batch of the store's thread took; all other calls to the store wait meanwhile.")
    static let unknown = MetricFamily(
        name: "rivet_metrics_unknown", kind: .gauge,
        help: "Counters and histograms of the service that this rivetctl does not know and leaves out.")
    static let collected = MetricFamily(
        name: "rivet_metrics_timestamp_seconds", kind: .gauge, unit: .seconds,
        help: "When these metrics were collected, since the Unix epoch.")
}
