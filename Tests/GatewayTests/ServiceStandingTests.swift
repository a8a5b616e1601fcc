import Testing

@testable import Gateway

@Suite struct ServiceStandingTests {
    private let start = ContinuousClock.now
    private func after(_ seconds: Double) -> ContinuousClock.Instant { start + .seconds(seconds) }

    /// What is logged after `change`.
    private func line(
        _ standing: inout ServiceStanding, at seconds: Double,
        _ change: (inout ServiceStanding, ContinuousClock.Instant) -> Void = { _, _ in }
    ) -> ServiceStanding.Line? {
        change(&standing, after(seconds))
        return standing.line(at: after(seconds))
    }

    @Test func `A service that fails and works again: one line each`() {
        var standing = ServiceStanding()
        var lines = [line(&standing, at: 0)]
        #expect(!standing.isUnsettled)
        lines.append(line(&standing, at: 0) { $0.failed(.read, reason: "a", at: $1) })
        #expect(standing.reason == "a")
        lines.append(line(&standing, at: 1) { $0.failed(.read, reason: "b", at: $1) })
        #expect(standing.reason == "b")
        lines.append(line(&standing, at: 2) { $0.succeeded(.read, at: $1) })
        #expect(standing.reason == nil && !standing.isUnsettled)
        lines.append(line(&standing, at: 3))
        #expect(lines == [nil, .away(reason: "a"), nil, .back, nil])
    }

    @Test func `A read that succeeds: no sign that writes are taken`() {
        var standing = ServiceStanding()
        standing.failed(.write, reason: "full", at: start)
        standing.failed(.read, reason: "full", at: after(1))
        standing.succeeded(.read, at: after(2))
        #expect(standing.reason == "full")
        standing.succeeded(.write, at: after(3))
        #expect(standing.reason == nil)
        // A write that is not tried any more is forgotten.
        standing.failed(.write, reason: "full", at: after(4))
        standing.succeeded(.read, at: after(63))
        #expect(standing.reason == "full")
        standing.succeeded(.read, at: after(64))
        #expect(standing.reason == nil)
    }

    @Test func `A success of a service that never failed: nothing`() {
        var standing = ServiceStanding()
        standing.succeeded(.write, at: start)
        #expect(standing == ServiceStanding())
    }

    /// As the gateway met it: a service that answered for its health and refused all else, 206 lines in 75 s.
    @Test(arguments: [0.1, 0.36, 1, 3, 7, 29, 31])
    func `A service that is closed and open in turn: at most five lines a minute`(_ period: Double) {
        var standing = ServiceStanding()
        var lines: [Double] = []
        var (moment, isOpen) = (0.0, true)
        while moment < 600 {
            isOpen.toggle()
            let logged = line(&standing, at: moment) { standing, now in
                if isOpen { standing.succeeded(.read, at: now) } else { standing.failed(.read, reason: "x", at: now) }
            }
            if logged != nil { lines.append(moment) }
            #expect((standing.reason == nil) == isOpen)
            moment += period
        }
        for line in lines { #expect(lines.count { line <= $0 && $0 < line + 60 } <= 5) }
        #expect(lines.count >= 2)
    }

    @Test func `A service that was closed and open in turn, and then works: called back in the end`() {
        var standing = ServiceStanding()
        for second in 0..<10 {
            _ = line(&standing, at: Double(second)) { $0.failed(.read, reason: "x", at: $1) }
            _ = line(&standing, at: Double(second) + 0.5) { $0.succeeded(.read, at: $1) }
        }
        #expect(standing.isUnsettled)
        let lines = [line(&standing, at: 39), line(&standing, at: 39.5)]
        #expect(lines == [nil, .back] && !standing.isUnsettled)
    }
}
