import Contracts
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Gateway

/// Long absences, after which open questions are repeated.
@Suite struct AbsenceTests {
    private static let start = Timestamp(milliseconds: 1_795_000_000_000)

    /// One process after another with the same note, and a clock that the test sets.
    private final class Gateways: Sendable {
        let directory: TestDirectory
        let clock = Mutex(AbsenceTests.start)
        let failures = Mutex(0)
        var notePath: String { directory.path + "/heard" }
        var note: Timestamp? {
            (try? String(contentsOfFile: notePath, encoding: .utf8)).flatMap { Timestamp(parsing: $0) }
        }

        init() throws { directory = try TestDirectory() }

        func next(at path: String? = nil) -> Absence {
            Absence(notePath: path ?? notePath, now: { self.clock.withLock { $0 } }) { _ in
                self.failures.withLock { $0 += 1 }
            }
        }

        func pass(_ duration: Duration) { clock.withLock { $0 = $0.advanced(by: duration) } }
    }

    /// The returns that an `Absence` announced until it was deallocated.
    private func returns(_ body: () -> Absence) async -> [Timestamp] {
        let announced = body().returns
        var moments: [Timestamp] = []
        for await moment in announced { moments.append(moment) }
        return moments
    }

    @Test func `A long absence: noticed once`() async throws {
        let gateways = try Gateways()
        let moments = await returns {
            let absence = gateways.next()
            absence.heard(isAll: true)
            absence.isOver(before: Self.start)
            for _ in 0..<10 {
                gateways.pass(.seconds(60))
                absence.heard(isAll: true)
            }
            gateways.pass(.seconds(151))
            absence.heard(isAll: true)
            gateways.pass(.seconds(1))
            absence.heard(isAll: true)
            return absence
        }
        #expect(moments == [Self.start, Self.start.advanced(by: .seconds(751))])
    }

    /// People get the replies to what they wrote meanwhile first.
    @Test func `The end of an absence: announced after all waiting updates have arrived`() async throws {
        let gateways = try Gateways()
        let moments = await returns {
            let absence = gateways.next()
            absence.heard(isAll: false)
            gateways.pass(.seconds(5))
            return absence
        }
        #expect(moments.isEmpty)
        let others = await returns {
            let absence = gateways.next()
            absence.heard(isAll: false)
            gateways.pass(.seconds(5))
            absence.heard(isAll: true)
            return absence
        }
        #expect(others == [Self.start.advanced(by: .seconds(5))])
    }

    /// Asking many people takes minutes. The network may fail again in that time.
    @Test func `An absence while people are still being asked: counts as another one`() async throws {
        let gateways = try Gateways()
        let second = Self.start.advanced(by: .seconds(200))
        let moments = await returns {
            let absence = gateways.next()
            absence.heard(isAll: true)
            gateways.pass(.seconds(200))
            absence.heard(isAll: true)
            absence.isOver(before: Self.start)
            #expect(gateways.note == nil)
            absence.isOver(before: second)
            #expect(gateways.note == second)
            return absence
        }
        #expect(moments == [Self.start, second])
    }

    @Test(arguments: [(Duration.seconds(149), 0), (.seconds(151), 1), (.seconds(-86_400), 0)])
    func `The next process: knows how long the absence was`(_ duration: Duration, _ count: Int) async throws {
        let gateways = try Gateways()
        let first = gateways.next()
        first.heard(isAll: true)
        first.isOver(before: Self.start)
        gateways.pass(.seconds(20))
        first.heard(isAll: true)
        #expect(gateways.note == gateways.clock.withLock { $0 })
        gateways.pass(duration)
        let moments = await returns {
            let second = gateways.next()
            second.heard(isAll: true)
            return second
        }
        #expect(moments.count == count)
    }

    /// A process that ends before all people were asked leaves that to the next one.
    @Test func `An absence that is not over: not noted`() async throws {
        let gateways = try Gateways()
        let first = gateways.next()
        first.heard(isAll: true)
        gateways.pass(.seconds(20))
        first.heard(isAll: true)
        #expect(gateways.note == nil)
        let moments = await returns {
            let second = gateways.next()
            second.heard(isAll: true)
            return second
        }
        #expect(moments == [Self.start.advanced(by: .seconds(20))])
    }

    @Test(arguments: ["", "yesterday", "\u{FF}"])
    func `A note that cannot be read: counts as a long absence`(_ text: String) async throws {
        let gateways = try Gateways()
        try gateways.directory.write(text, to: "heard")
        let moments = await returns {
            let absence = gateways.next()
            absence.heard(isAll: true)
            return absence
        }
        #expect(moments == [Self.start])
    }

    @Test func `A note that cannot be written: reported once`() async throws {
        let gateways = try Gateways()
        let absence = gateways.next(at: gateways.directory.path + "/nowhere/heard")
        absence.heard(isAll: true)
        absence.isOver(before: Self.start)
        for _ in 0..<3 {
            gateways.pass(.seconds(20))
            absence.heard(isAll: true)
        }
        #expect(gateways.failures.withLock { $0 } == 1)
    }
}
