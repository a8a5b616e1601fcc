/// Chooses the fault of a request. A fault for a number of requests precedes a lasting one; `*` means every method.
struct FaultPlan: Sendable {
    static let anyMethod = "*"

    private struct Planned: Sendable {
        let fault: SimulatedFault
        var skip: Int
        var count: Int
    }

    private var planned: [String: [Planned]] = [:]
    private var lasting: [String: SimulatedFault] = [:]

    /// Fails `count` requests, after letting `skip` through.
    mutating func failNext(_ method: String, count: Int, skip: Int, with fault: SimulatedFault) {
        planned[method, default: []].append(Planned(fault: fault, skip: skip, count: count))
    }

    /// Fails every request until `heal`.
    mutating func fail(_ method: String, with fault: SimulatedFault) { lasting[method] = fault }

    /// Ends all faults of `method`; of all methods for nil.
    mutating func heal(_ method: String?) {
        guard let method else {
            planned = [:]
            lasting = [:]
            return
        }
        planned[method] = nil
        lasting[method] = nil
    }

    /// The fault of this request.
    mutating func next(for method: String) -> SimulatedFault? {
        for name in [method, Self.anyMethod] {
            if let fault = takePlanned(name) { return fault }
        }
        return lasting[method] ?? lasting[Self.anyMethod]
    }

    private mutating func takePlanned(_ name: String) -> SimulatedFault? {
        guard var first = planned[name]?.first else { return nil }
        if first.skip > 0 {
            first.skip -= 1
            planned[name]?[0] = first
            return nil
        }
        first.count -= 1
        if first.count <= 0 { planned[name]?.removeFirst() } else { planned[name]?[0] = first }
        return first.fault
    }
}
