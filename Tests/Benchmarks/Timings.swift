/// The durations of one operation, measured one after another.
struct Timings {
    private var sorted: [Duration]

    init(_ durations: [Duration]) { sorted = durations.sorted() }

    /// - Parameter fraction: 0.5 for the median.
    func quantile(_ fraction: Double) -> Duration {
        sorted[min(sorted.count - 1, Int(Double(sorted.count) * fraction))]
    }

    var median: Duration { quantile(0.5) }

    static func measure(_ count: Int, _ body: () throws -> Void) rethrows -> [Duration] {
        var durations: [Duration] = []
        durations.reserveCapacity(count)
        for _ in 0..<count {
            let start = ContinuousClock.now
            try body()
            durations.append(.now - start)
        }
        return durations
    }
}

extension Duration {
    var microseconds: Double { self / .microseconds(1) }
    var seconds: Double { self / .seconds(1) }
}

extension Double {
    func text(_ digits: Int) -> String {
        let scale = (0..<digits).reduce(1.0) { scale, _ in scale * 10 }
        let scaled = Int64((self * scale).rounded())
        guard digits > 0 else { return String(scaled) }
        let fraction = String(scaled % Int64(scale))
        return "\(scaled / Int64(scale)).\(String(repeating: "0", count: digits - fraction.count))\(fraction)"
    }
}
