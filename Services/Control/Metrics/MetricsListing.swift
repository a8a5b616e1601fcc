import Contracts

/// The health of the services, for Prometheus.
struct MetricsListing {
    var answers: [HealthListing.Entry]
    var now: Timestamp

    /// The metrics, each with the samples of all services.
    var exposition: Exposition {
        var exposition = Exposition()
        for (service, answer) in answers {
            exposition.add(.up, [Self.label(service)], (try? answer.get()) == nil ? 0 : 1)
        }
        for (service, health) in healths {
            exposition.add(.buildInfo, [Self.label(service), MetricLabel("version", health.version)], 1)
            exposition.add(.startTime, [Self.label(service)], thousandths: health.startedAt.milliseconds)
            for status in ServiceHealth.Status.allCases {
                exposition.add(
                    .status, [Self.label(service), MetricLabel("status", status.rawValue)],
                    health.status == status ? 1 : 0)
            }
        }
        for (service, health) in healths { Self.add(health.tiers, of: service, to: &exposition) }
        for metric in CounterMetric.all {
            for (service, health) in healths where metric.services.contains(service) {
                Self.add(metric, health.counters, of: service, to: &exposition)
            }
        }
        for metric in HistogramMetric.all {
            for (service, health) in healths {
                guard let histogram = health.histograms[metric.histogram] else { continue }
                exposition.add(metric.family, [Self.label(service)] + metric.labels, histogram)
            }
        }
        for (service, health) in healths {
            exposition.add(.unknown, [Self.label(service)], Int64(Self.unknownNames(health, of: service).count))
        }
        exposition.add(.collected, thousandths: now.milliseconds)
        return exposition
    }

    /// The counters and histograms of a service that are in neither list.
    static func unknownNames(_ health: ServiceHealth.Output, of service: RivetService) -> [String] {
        let counters = health.counters.keys.filter { counter in
            !CounterMetric.all.contains { $0.services.contains(service) && $0.labels(of: counter) != nil }
        }
        let histograms = health.histograms.keys.filter { name in
            !HistogramMetric.all.contains { $0.histogram == name }
        }
        return (counters + histograms).sorted()
    }

    private var healths: [(service: RivetService, health: ServiceHealth.Output)] {
        answers.compactMap { service, answer in (try? answer.get()).map { (service, $0) } }
    }

    private static func label(_ service: RivetService) -> MetricLabel { MetricLabel("service", service.unit) }

    private static func add(
        _ tiers: [ServiceHealth.Tier], of service: RivetService, to exposition: inout Exposition
    ) {
        for tier in tiers {
            let labels = [label(service), MetricLabel("tier", tier.name.rawValue)]
            for state in ServiceHealth.Tier.State.allCases {
                exposition.add(
                    .tierState, labels + [MetricLabel("state", state.rawValue)], tier.state == state ? 1 : 0)
            }
            exposition.add(.tierPending, labels, tier.pending)
            exposition.add(.tierOldestPending, labels, tier.oldestPendingAge ?? 0)
            if let latency = tier.latencyMilliseconds { exposition.add(.tierLatency, labels, seconds: latency / 1_000) }
        }
    }

    private static func add(
        _ metric: CounterMetric, _ counters: [String: Int64], of service: RivetService, to exposition: inout Exposition
    ) {
        let found = counters.sorted { $0.key < $1.key }.compactMap { counter, value in
            metric.labels(of: counter).map { (labels: $0, value: value) }
        }
        for (labels, value) in found { exposition.add(metric.family, [label(service)] + labels, value) }
        if found.isEmpty, metric.isZeroWhenMissing { exposition.add(metric.family, [label(service)], 0) }
    }
}
