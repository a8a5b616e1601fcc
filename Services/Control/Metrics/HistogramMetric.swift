/// A histogram of `service.health`, and its metric.
struct HistogramMetric: Sendable {
    /// The histogram's name in `service.health`.
    var histogram: String
    var family: MetricFamily
    var labels: [MetricLabel] = []

    /// Every histogram that a service can show.
    static let all: [HistogramMetric] =
        ["state.load", "state.save", "library.add", "library.list"].map { method in
            HistogramMetric(histogram: method, family: .callDuration, labels: [MetricLabel("method", method)])
        } + [
            HistogramMetric(histogram: "reply", family: .replyDuration),
            HistogramMetric(histogram: "store.turn", family: .storeTurnDuration),
        ]
}
