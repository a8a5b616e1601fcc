/// A counter of `service.health`, and the metric that it becomes.
struct CounterMetric: Sendable {
    /// As `service.health` has it. One that ends in `.*` stands for all counters that begin so; what stands for the star
    /// is the value of `label`.
    var counter: String
    var label: String?
    var services: Set<RivetService>
    var family: MetricFamily

    private init(
        _ counter: String, label: String? = nil, _ services: Set<RivetService>, _ name: String,
        _ kind: MetricFamily.Kind, _ unit: MetricFamily.Unit = .none, help: String
    ) {
        self.counter = counter
        self.label = label
        self.services = services
        family = MetricFamily(name: name, kind: kind, unit: unit, help: help)
    }

    /// Every counter that a service can show. The names are for good: alerts and dashboards rely on them.
    static let all: [CounterMetric] = [
        CounterMetric(
            "calls.*", label: "method", Set(RivetService.allCases), "rivet_calls_total", .counter,
            help: "Calls of the method that were begun since the start; unknown: of methods that do not exist."),
        CounterMetric(
            "updates.received", [.gateway], "rivet_updates_received_total", .counter,
            help: "Updates that Telegram handed over."),
        CounterMetric(
            "updates.settled", [.gateway], "rivet_updates_settled_total", .counter,
            help: "Updates whose effect is durable and whose reply is sent or kept."),
        CounterMetric(
            "updates.redelivered", [.gateway], "rivet_updates_redelivered_total", .counter,
            help: "Updates that had been handled before and came again."),
        CounterMetric(
            "updates.unreadable", [.gateway], "rivet_updates_unreadable_total", .counter,
            help: "Updates that could not be read, and were settled without an answer."),
        CounterMetric(
            "updates.unsettled", [.gateway], "rivet_updates_unsettled", .gauge,
            help: "Updates that were handed over and are not settled."),
        CounterMetric(
            "updates.parked", [.gateway], "rivet_updates_parked", .gauge,
            help: "Updates that wait in the state-service, and that Telegram may forget."),
        CounterMetric(
            "updates.oldest_waiting_age_s", [.gateway], "rivet_updates_oldest_waiting_age_seconds", .gauge, .seconds,
            help: "How long the oldest update that is not settled has waited; 0 when there is none."),
        CounterMetric(
            "replies.sent", [.gateway], "rivet_replies_sent_total", .counter, help: "Replies that Telegram took."),
        CounterMetric(
            "replies.queued", [.gateway], "rivet_replies_queued_total", .counter,
            help: "Replies that could not be sent at once and were kept for later."),
        CounterMetric(
            "replies.failed", [.gateway], "rivet_replies_failed_total", .counter,
            help: "Replies that were dropped because they can never be sent."),
        CounterMetric(
            "replies.oldest_owed_age_s", [.gateway], "rivet_replies_oldest_owed_age_seconds", .gauge, .seconds,
            help: "How long the oldest reply that is kept for later has waited; 0 when there is none."),
        CounterMetric(
            "turns.retried", [.gateway], "rivet_turns_retried_total", .counter,
            help: "Times that work on an update was begun again, since a service was away."),
        CounterMetric(
            "webhook.deferred", [.gateway], "rivet_webhook_deferred_total", .counter,
            help: "Requests of the webhook that were answered with 503 or given up, and that Telegram sends again."),
        CounterMetric(
            "webhook.refused", [.gateway], "rivet_webhook_refused_total", .counter,
            help: "Requests of the webhook without its secret, for another path, by another method, or too large."),
        CounterMetric(
            "lanes.open", [.gateway], "rivet_lanes_open", .gauge, help: "Chats whose updates are worked on or wait."),
        CounterMetric("outbox.lanes", [.gateway], "rivet_outbox_lanes", .gauge, help: "Chats that are owed a reply."),
        CounterMetric(
            "rows.adopted", storing, "rivet_rows_adopted_total", .counter,
            help: "Rows that were taken in because another tier had them newer."),
        CounterMetric(
            "rows.quarantined", storing, "rivet_rows_quarantined_total", .counter,
            help: "Rows that could not be read and were put aside."),
        CounterMetric(
            "clashes", storing, "rivet_clashes_total", .counter,
            help: "Machines that had to be given another nickname, since two hosts had given out the same one."),
        CounterMetric(
            "tiers.refusals", storing, "rivet_tier_refusals_total", .counter,
            help: "Records that a tier refused to take."),
        CounterMetric(
            "pulls.*", label: "tier", storing, "rivet_tier_pulls_total", .counter,
            help: "Times that the tier was read to its end and compared with the local disk."),
        CounterMetric(
            "clock_ahead_s.*", label: "tier", storing, "rivet_tier_clock_ahead_seconds", .gauge, .seconds,
            help: "How much the tier's clock was ahead of the service's when it told its time last; below 0: behind it."
        ),
        CounterMetric(
            "removals.held.*", label: "tier", storing, "rivet_tier_removals_held", .gauge,
            help: "Removals that the tier told and that wait for rivetctl accept or reject."),
        CounterMetric(
            "disk.replaced", storing, "rivet_disk_replaced_total", .counter,
            help: "Times that a broken local file was moved aside and a new one begun."),
        CounterMetric(
            "disk.salvaged", storing, "rivet_disk_salvaged_rows_total", .counter,
            help: "Rows that were read out of a broken local file."),
        CounterMetric(
            "disk.log_bytes", storing, "rivet_disk_log_bytes", .gauge, .bytes,
            help: "The size of the local file's write-ahead log."),
        CounterMetric(
            "disk.log_held_s", storing, "rivet_disk_log_held_seconds", .gauge, .seconds,
            help: "For how long a reader of another program has kept that log from being emptied; 0 when none does."),
        CounterMetric(
            "disk.unacknowledged", storing, "rivet_disk_unacknowledged_events", .gauge,
            help: "Replaced files and rows put aside for which rivetctl acknowledge was not run yet."),
    ]

    private static let storing = Set(RivetService.storing)

    /// The labels of `counter`, without the service's; nil when this is another counter.
    func labels(of counter: String) -> [MetricLabel]? {
        guard let label else { return counter == self.counter ? [] : nil }
        let beginning = self.counter.dropLast()
        guard counter.hasPrefix(beginning), counter.utf8.count > beginning.utf8.count else { return nil }
        return [MetricLabel(label, String(counter.dropFirst(beginning.count)))]
    }

    /// Counters of things that have not happened since the start are not shown by a service: 0 is what they are.
    var isZeroWhenMissing: Bool { family.kind == .counter && label == nil }
}
