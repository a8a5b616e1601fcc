/// What one metric is, as Prometheus is told it.
struct MetricFamily: Sendable, Hashable {
    enum Kind: String, Sendable { case counter, gauge, histogram }

    /// The base units of Prometheus; the name of a metric ends in it.
    enum Unit: String, Sendable { case none, seconds, bytes }

    /// Without what Prometheus adds to the samples of a histogram.
    var name: String
    var kind: Kind
    var unit: Unit = .none
    /// One sentence, for the person who reads a graph of it.
    var help: String
}

extension MetricFamily {
    static let up = MetricFamily(
        name: "rivet_up", kind: .gauge, help: "Whether the service answered when it was asked how it is (1) or not (0)."
    )
    static let buildInfo = MetricFamily(
        name: "rivet_build_info", kind: .gauge, help: "1, with the version that the service says it has.")
    static let startTime = MetricFamily(
        name: "rivet_start_time_seconds", kind: .gauge, unit: .seconds,
        help: "When the service's process started, since the Unix epoch.")
    static let status = MetricFamily(
        name: "rivet_status", kind: .gauge,
        help: "The service's status: 1 for the one that it has, 0 for the others. Nothing is lost while it is degraded."
    )
    static let tierState = MetricFamily(
        name: "rivet_tier_state", kind: .gauge,
        help: "The state of a storage tier as the service sees it: 1 for the one that it has, 0 for the others.")
    static let tierPending = MetricFamily(
        name: "rivet_tier_pending_writes", kind: .gauge, help: "Writes that the tier has still to receive.")
    static let tierOldestPending = MetricFamily(
        name: "rivet_tier_oldest_pending_age_seconds", kind: .gauge, unit: .seconds,
        help: "How long the oldest write that the tier has still to receive has waited; 0 when there is none.")
    static let tierLatency = MetricFamily(
        name: "rivet_tier_latency_seconds", kind: .gauge, unit: .seconds,
        help: "What the last write to the tier took. Absent before the first one.")
    static let callDuration = MetricFamily(
        name: "rivet_call_duration_seconds", kind: .histogram, unit: .seconds,
        help: "From a request that was read to its answer, handed to the socket's buffer; errors count, too.")
    static let replyDuration = MetricFamily(
        name: "rivet_reply_duration_seconds", kind: .histogram, unit: .seconds,
        help: "From the receipt of a Telegram update to its reply, taken by Telegram.")
    static let storeTurnDuration = MetricFamily(
        name: "rivet_store_turn_duration_seconds", kind: .histogram, unit: .seconds,
        help: "How long a turn of the store's thread took; everything else that is asked of the store waits meanwhile.")
    static let unknown = MetricFamily(
        name: "rivet_metrics_unknown", kind: .gauge,
        help: "Counters and histograms of the service that this rivetctl does not know, and leaves out.")
    static let collected = MetricFamily(
        name: "rivet_metrics_timestamp_seconds", kind: .gauge, unit: .seconds,
        help: "When these metrics were collected, since the Unix epoch.")
}
