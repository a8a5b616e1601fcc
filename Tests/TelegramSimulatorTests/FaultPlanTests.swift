import Testing

@testable import TelegramSimulator

@Suite struct FaultPlanTests {
    var plan = FaultPlan()

    @Test mutating func `A fault for the next requests: occurs after the skipped ones`() {
        plan.failNext("sendMessage", count: 2, skip: 1, with: .hang)
        let faults = (0..<4).map { _ in plan.next(for: "sendMessage") }
        #expect(faults == [nil, .hang, .hang, nil])
        #expect(plan.next(for: "getUpdates") == nil)
    }

    @Test mutating func `Faults for a number of requests: occur in order, before lasting ones`() {
        plan.fail("*", with: .garbage)
        plan.failNext("sendMessage", count: 1, skip: 0, with: .hang)
        plan.failNext("sendMessage", count: 1, skip: 0, with: .truncated)
        let faults = (0..<3).map { _ in plan.next(for: "sendMessage") }
        #expect(faults == [.hang, .truncated, .garbage])
        plan.heal("*")
        #expect(plan.next(for: "sendMessage") == nil)
    }
}
