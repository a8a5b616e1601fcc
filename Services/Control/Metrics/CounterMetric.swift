/// A counter of `service.health`, and its metric.
struct CounterMetric: Sendable {
    /// The counter's name in `service.health`. A name that ends in `.*` stands for all counters with this beginning;
    /// the text in place of the star is the value of `label`.
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

    /// Every counter that a service can show. The names must not change: alerts and dashboards rely on them.
    static let all: [CounterMetric] = [
        CounterMetric(
            "calls.*", label: "method", Set(RivetService.allCases), "rivet_calls_total", .counter,
            help: "Calls of the method since the start; unknown: calls of methods that do not exist."),
        CounterMetric(
            "updates.received", [.gateway], "rivet_updates_received_total", .counter,
            help: "Updates that the gateway received from Telegram."),
        CounterMetric(
            "updates.settled", [.gateway], "rivet_updates_settled_total", .counter,
            help: "Updates whose effect is durable and whose reply is sent or kept."),
        CounterMetric(
            "updates.redelivered", [.gateway], "rivet_updates_redelivered_total", .counter,
            help: "Updates that arrived again after they had been handled."),
        CounterMetric(
            "updates.unreadable", [.gateway], "rivet_updates_unreadable_total", .counter,
            help: "Updates that could not be read, and were settled without a reply."),
        CounterMetric(
            "updates.unsettled", [.gateway], "rivet_updates_unsettled", .gauge,
            help: "Updates that the gateway received and has not settled."),
        CounterMetric(
            "updates.parked", [.gateway], "rivet_updates_parked", .gauge,
            help: "Updates that wait in rivet-state and that Telegram may forget."),
        CounterMetric(
            "updates.oldest_waiting_age_s", [.gateway], "rivet_updates_oldest_waiting_age_seconds", .gauge, .seconds,
            help: "How long the oldest update that is not settled has waited; 0 when there is none."),
        CounterMetric(
            "replies.sent", [.gateway], "rivet_replies_sent_total", .counter, help: "Replies that Telegram accepted."),
        CounterMetric(
            "replies.queued", [.gateway], "rivet_replies_queued_total", .counter,
            help: "Replies that could not be sent at once and were kept for later."),
        CounterMetric(
            "replies.failed", [.gateway], "rivet_replies_failed_total", .counter,
            help: "Replies that were dropped because they can never be sent."),
        CounterMetric(
            "replies.oldest_owed_age_s", [.gateway], "rivet_replies_oldest_owed_age_seconds", .gauge, .seconds,
            help: "How long the oldest queued reply has waited; 0 when there is none."),
        CounterMetric(
            "turns.retried", [.gateway], "rivet_turns_retried_total", .counter,
            help: "Times that the gateway started again on an update because a service was away."),
        CounterMetric(
            "webhook.deferred", [.gateway], "rivet_webhook_deferred_total", .counter,
            help: "Webhook requests that got status 503 or were given up; Telegram sends them again."),
        CounterMetric(
            "webhook.refused", [.gateway], "rivet_webhook_refused_total", .counter,
            help: "Webhook requests without the secret, for another path, with another method, or too large."),
        CounterMetric(
            "lanes.open", [.gateway], "rivet_lanes_open", .gauge,
            help: "Chats with updates that are being handled or wait."),
        CounterMetric(
            "outbox.lanes", [.gateway], "rivet_outbox_lanes", .gauge, help: "Chats with a queued reply."),
        CounterMetric(
            "rows.adopted", storing, "rivet_rows_adopted_total", .counter,
            help: "Rows that the service imported because a tier had a newer revision."),
        CounterMetric(
            "rows.quarantined", storing, "rivet_rows_quarantined_total", .counter,
            help: "Rows that could not be read and were put aside."),
        CounterMetric(
            "clashes", storing, "rivet_clashes_total", .counter,
            help: "Machines that got another nickname because two hosts had accepted the same one."),
        CounterMetric(
            "tiers.refusals", storing, "rivet_tier_refusals_total", .counter,
            help: "Records that a tier refused."),
        CounterMetric(
            "pulls.*", label: "tier", storing, "rivet_tier_pulls_total", .counter,
            help: "Times that the tier was read to its end and compared with the local disk."),
        CounterMetric(
            "clock_ahead_s.*", label: "tier", storing, "rivet_tier_clock_ahead_seconds", .gauge, .seconds,
            help: "How far the tier's clock was ahead of the service's at its last reading; below 0: behind it."),
        CounterMetric(
            "removals.held.*", label: "tier", storing, "rivet_tier_removals_held", .gauge,
            help: "Removals in the tier that wait for rivetctl accept or reject."),
        CounterMetric(
            "disk.replaced", storing, "rivet_disk_replaced_total", .counter,
            help: "Times that a broken local file was moved aside and a new one was created."),
        CounterMetric(
            "disk.salvaged", storing, "rivet_disk_salvaged_rows_total", .counter,
            help: "Rows that were salvaged from a broken local file."),
        CounterMetric(
            "disk.log_bytes", storing, "rivet_disk_log_bytes", .gauge, .bytes,
            help: "The size of the local file's write-ahead log."),
        CounterMetric(
            "disk.log_held_s", storing, "rivet_disk_log_held_seconds", .gauge, .seconds,
            help: "How long a reader in another program has prevented emptying that log; 0 when there is none."),
        CounterMetric(
            "disk.unacknowledged", storing, "rivet_disk_unacknowledged_events", .gauge,
            help: "Replaced files and rows put aside that rivetctl acknowledge has not confirmed yet."),
    ]

    private static let storing = Set(RivetService.storing)

    /// The labels of `counter`, without the service label; nil if `counter` is not this metric's counter.
    func labels(of counter: String) -> [MetricLabel]? {
        guard let label else { return counter == self.counter ? [] : nil }
        let beginning = self.counter.dropLast()
        guard counter.hasPrefix(beginning), counter.utf8.count > beginning.utf8.count else { return nil }
        return [MetricLabel(label, String(counter.dropFirst(beginning.count)))]
    }

    /// Whether a counter that a service does not show is 0. A service shows a counter after its first event only.
    var isZeroWhenMissing: Bool { family.kind == .counter && label == nil }
}
