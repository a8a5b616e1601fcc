import TestSupport
import Testing

@testable import Persistence

@Suite struct BatchQueueTests {
    private typealias Queue = BatchQueue<Int>

    private let start = ContinuousClock.now

    private func queue(_ sizes: [Int]) -> Queue {
        var queue = Queue()
        for (waiter, size) in sizes.enumerated() {
            let statements = (0..<size).map { PostgresStatement("SELECT \($0) FROM t") }
            queue.submitted(.init(statements, deadline: start + .seconds(waiter), waiter: waiter))
        }
        return queue
    }

    private func result(_ count: Int) -> PostgresResult { PostgresResult(rows: [], affectedRows: count) }
    private let refused = PostgresError(outcome: .refused, failure: .bug, operation: "", cause: .statement)

    @Test func `Results: in the order of sending`() throws {
        var queue = queue([1, 2])
        #expect(queue.sendNext()?.count == 1)
        #expect(queue.sendNext()?.count == 2)
        #expect(queue.sendNext() == nil)
        queue.resultArrived(result(1))
        let first = queue.syncArrived()
        queue.resultArrived(result(2))
        queue.resultArrived(result(3))
        let second = queue.syncArrived()
        #expect(first?.waiter == 0 && second?.waiter == 1)
        #expect(try first?.outcome.get() == [result(1)])
        #expect(try second?.outcome.get() == [result(2), result(3)])
        #expect(queue.isEmpty)
    }

    @Test func `A refusal: concerns its batch alone`() throws {
        var queue = queue([3, 1])
        while queue.sendNext() != nil {}
        queue.resultArrived(result(1))
        queue.refusalArrived(refused)
        guard case .failure(let error)? = queue.syncArrived()?.outcome else { throw Unexpected() }
        #expect(error.statement == 1 && error.operation == "SELECT 1 FROM")
        queue.resultArrived(result(1))
        let next = queue.syncArrived()
        #expect(try next?.outcome.get() == [result(1)])
    }

    @Test func `A refusal after all statements: that of the commit`() throws {
        var queue = queue([1])
        _ = queue.sendNext()
        queue.resultArrived(result(1))
        queue.refusalArrived(refused)
        guard case .failure(let error)? = queue.syncArrived()?.outcome else { throw Unexpected() }
        #expect(error.statement == 1 && error.operation == "COMMIT")
    }

    @Test func `A warning: only its batch is no success`() throws {
        var queue = queue([1, 1])
        while queue.sendNext() != nil {}
        queue.resultArrived(result(1))
        queue.warningArrived(.connection("COMMIT", .commitUnconfirmed).outcomeUnknown)
        guard case .failure(let error)? = queue.syncArrived()?.outcome else { throw Unexpected() }
        #expect(error.outcome == .outcomeUnknown && error.cause == .commitUnconfirmed)
        queue.resultArrived(result(1))
        let next = queue.syncArrived()
        #expect(try next?.outcome.get() == [result(1)])
    }

    @Test func `The end of the connection: separates sent batches from unsent ones`() throws {
        var queue = queue([1, 1, 1])
        _ = queue.sendNext()
        _ = queue.sendNext()
        queue.resultArrived(result(1))
        let outcomes = queue.connectionEnded(.connection("receive", .closedByServer)).map { completion in
            if case .failure(let error) = completion.outcome { error.outcome } else { PostgresError.Outcome.refused }
        }
        #expect(outcomes == [.outcomeUnknown, .outcomeUnknown, .notSent])
        #expect(queue.isEmpty && queue.nextDeadline(at: start) == nil)
    }

    @Test func `Missing results: no success`() throws {
        var queue = queue([2])
        _ = queue.sendNext()
        queue.resultArrived(result(1))
        guard case .failure(let error)? = queue.syncArrived()?.outcome else { throw Unexpected() }
        #expect(error.outcome == .outcomeUnknown)
    }

    @Test func `A result without a batch: ignored`() {
        var queue = Queue()
        queue.resultArrived(result(1))
        queue.refusalArrived(refused)
        let completion = queue.syncArrived()
        #expect(completion == nil)
    }

    @Test func `The earliest deadline: found`() {
        var queue = Queue()
        for seconds in [5, 2, 9] { queue.submitted(.init([], deadline: start + .seconds(seconds), waiter: seconds)) }
        #expect(queue.nextDeadline(at: start) == start + .seconds(2))
        _ = queue.sendNext()
        _ = queue.sendNext()
        _ = queue.syncArrived()
        _ = queue.syncArrived()
        #expect(queue.nextDeadline(at: start + .seconds(3)) == start + .seconds(9))
    }

    @Test func `The batches in flight: bounded`() {
        var queue = queue(Array(repeating: 1, count: Queue.inFlightMax + 1))
        for _ in 0..<Queue.inFlightMax { #expect(queue.sendNext() != nil) }
        #expect(queue.sendNext() == nil)
        _ = queue.syncArrived()
        #expect(queue.sendNext() != nil)
    }
}

struct Unexpected: Error {}

@Suite struct SQLStateTests {
    @Test(arguments: [
        ("40001", PostgresFailure.retry), ("40P01", .retry), ("55P03", .retry), ("57014", .retry),
        ("08006", .reconnect), ("08P01", .reconnect), ("08007", .reconnect), ("40003", .reconnect),
        ("57P01", .reconnect), ("57P02", .reconnect), ("57P03", .reconnect), ("57P05", .reconnect),
        ("42P01", .reconnect),
        ("26000", .reconnect), ("25P02", .reconnect), ("25P03", .reconnect),
        ("25006", .unusable), ("28000", .unusable), ("28P01", .unusable), ("3D000", .unusable), ("42501", .unusable),
        ("53100", .unusable), ("53200", .unusable), ("53300", .unusable), ("57P04", .unusable), ("58030", .unusable),
        ("58P01", .unusable), ("XX001", .unusable), ("XX002", .unusable),
        ("23505", .conflict),
        ("22001", .bug), ("22P02", .bug), ("23502", .bug), ("42601", .bug), ("0A000", .bug),
        ("25001", .bug), ("40002", .bug), ("P0001", .bug), ("XX000", .bug),
    ])
    func `Every SQLSTATE: leads to its kind of failure`(_ code: String, _ failure: PostgresFailure) throws {
        #expect(PostgresFailure(try #require(SQLState(code))) == failure)
    }

    @Test func `A failed connection attempt: never a bug`() throws {
        for code in ["XX000", "42601", "22023", "0A000"] {
            #expect(PostgresFailure(ofConnect: try #require(SQLState(code))) == .unusable)
        }
        #expect(PostgresFailure(ofConnect: try #require(SQLState("57P03"))) == .reconnect)
        #expect(PostgresFailure(ofConnect: try #require(SQLState("08P01"))) == .reconnect)
    }

    @Test func `A SQLSTATE in a message: found in any language`() {
        let message = """
            connection to server at "10.0.0.1", port 5432 failed: Connection refused
            connection to server at "10.0.0.2", port 5432 failed: FATALE:  28P01: autenticazione fallita
            POSIZIONE:  auth_failed, auth.c:335
            """
        #expect(SQLState(inVerboseMessage: message)?.code == "28P01")
        #expect(SQLState(inVerboseMessage: "server closed the connection unexpectedly") == nil)
        #expect(SQLState(inVerboseMessage: ":  28P0") == nil)
        #expect(SQLState("28p01") == nil && SQLState("28P0") == nil)
    }
}
