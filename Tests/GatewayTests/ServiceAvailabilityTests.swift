import Testing

@testable import Gateway

@Suite struct ServiceAvailabilityTests {
    private let start = ContinuousClock.now
    private func after(_ seconds: Double) -> ContinuousClock.Instant { start + .seconds(seconds) }

    /// The line that is logged after `change`.
    private func line(
        _ availability: inout ServiceAvailability, at seconds: Double,
        _ change: (inout ServiceAvailability, ContinuousClock.Instant) -> Void = { _, _ in }
    ) -> ServiceAvailability.Line? {
        change(&availability, after(seconds))
        return availability.line(at: after(seconds))
    }

    @Test func `A peer that fails and works again: one line for each change`() {
        var availability = ServiceAvailability()
        var lines = [line(&availability, at: 0)]
        #expect(!availability.isUnsettled)
        lines.append(line(&availability, at: 0) { $0.failed(.read, reason: "a", at: $1) })
        #expect(availability.reason == "a")
        lines.append(line(&availability, at: 1) { $0.failed(.read, reason: "b", at: $1) })
        #expect(availability.reason == "b")
        lines.append(line(&availability, at: 2) { $0.succeeded(.read, at: $1) })
        #expect(availability.reason == nil && !availability.isUnsettled)
        lines.append(line(&availability, at: 3))
        #expect(lines == [nil, .away(reason: "a"), nil, .back, nil])
    }

    @Test func `A successful read: no sign that writes succeed`() {
        var availability = ServiceAvailability()
        availability.failed(.write, reason: "full", at: start)
        availability.failed(.read, reason: "full", at: after(1))
        availability.succeeded(.read, at: after(2))
        #expect(availability.reason == "full")
        availability.succeeded(.write, at: after(3))
        #expect(availability.reason == nil)
        // A failed write that is not tried again no longer counts after a minute.
        availability.failed(.write, reason: "full", at: after(4))
        availability.succeeded(.read, at: after(63))
        #expect(availability.reason == "full")
        availability.succeeded(.read, at: after(64))
        #expect(availability.reason == nil)
    }

    @Test func `A success of a peer that never failed: changes nothing`() {
        var availability = ServiceAvailability()
        availability.succeeded(.write, at: start)
        #expect(availability == ServiceAvailability())
    }

    /// Seen with a service that reported its health and refused all other calls: 206 lines in 75 s.
    @Test(arguments: [0.1, 0.36, 1, 3, 7, 29, 31])
    func `A peer that fails and works in turn: at most five lines a minute`(_ period: Double) {
        var availability = ServiceAvailability()
        var lines: [Double] = []
        var (moment, isOpen) = (0.0, true)
        while moment < 600 {
            isOpen.toggle()
            let logged = line(&availability, at: moment) { availability, now in
                if isOpen {
                    availability.succeeded(.read, at: now)
                } else {
                    availability.failed(.read, reason: "x", at: now)
                }
            }
            if logged != nil { lines.append(moment) }
            #expect((availability.reason == nil) == isOpen)
            moment += period
        }
        for line in lines { #expect(lines.count { line <= $0 && $0 < line + 60 } <= 5) }
        #expect(lines.count >= 2)
    }

    @Test func `A peer that failed and worked in turn, and then works: its return logged in the end`() {
        var availability = ServiceAvailability()
        for second in 0..<10 {
            _ = line(&availability, at: Double(second)) { $0.failed(.read, reason: "x", at: $1) }
            _ = line(&availability, at: Double(second) + 0.5) { $0.succeeded(.read, at: $1) }
        }
        #expect(availability.isUnsettled)
        let lines = [line(&availability, at: 39), line(&availability, at: 39.5)]
        #expect(lines == [nil, .back] && !availability.isUnsettled)
    }
}
