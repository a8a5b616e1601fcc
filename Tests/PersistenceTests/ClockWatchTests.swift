import Contracts
import Testing

@testable import Persistence

@Suite struct ClockWatchTests {
    private static let patience = Duration.seconds(600)
    private let start = Timestamp(milliseconds: 1_800_000_000_000)
    private let steady = ContinuousClock.now

    private func watch() -> ClockWatch { ClockWatch(wall: start, steady: steady, patience: Self.patience) }

    /// The agreed time after `passed`, with the wall clock set forward by `jump`.
    private func agreedTime(_ watch: inout ClockWatch, after passed: Duration, jump: Duration = .zero) -> AgreedTime {
        let (wall, steady) = (start.advanced(by: passed + jump), steady + passed)
        watch.read(wall: wall, steady: steady)
        return watch.agreedTime(wall: wall, steady: steady)
    }

    @Test func `A period that began under watch: over when its time is over`() {
        var watch = watch()
        let agreed = agreedTime(&watch, after: .seconds(60))
        let now = start.advanced(by: .seconds(60))
        #expect(agreed == AgreedTime(since: start, now: now, horizon: nil))
        #expect(agreed.isOver(from: start, until: now))
        #expect(!agreed.isOver(from: start.advanced(by: .milliseconds(-1)), until: now))
        #expect(!agreed.isOver(from: start, until: now.advanced(by: .milliseconds(1))))
        // A row whose times contradict each other proves nothing.
        #expect(!agreed.isOver(from: now, until: start))
    }

    @Test func `A period that began before the watch: over after the patience`() {
        var watch = watch()
        #expect(agreedTime(&watch, after: .milliseconds(599_999)).horizon == nil)
        #expect(agreedTime(&watch, after: .seconds(600)).horizon == start)
        #expect(agreedTime(&watch, after: .seconds(700)).horizon == start.advanced(by: .seconds(100)))
        #expect(agreedTime(&watch, after: .seconds(700)).isOver(from: Timestamp(milliseconds: 0), until: start))
    }

    @Test(arguments: [Duration.seconds(3), .seconds(-3), .seconds(172_800), .seconds(-129_600)])
    func `A wall clock that is set: watched for the time that it was off`(_ jump: Duration) {
        var watch = watch()
        _ = agreedTime(&watch, after: .seconds(1_000))
        #expect(agreedTime(&watch, after: .seconds(1_001), jump: jump).horizon == nil)
        let wait = max(Self.patience, jump < .zero ? .zero - jump : jump)
        #expect(agreedTime(&watch, after: .seconds(1_000) + wait, jump: jump).horizon == nil)
        let agreed = agreedTime(&watch, after: .seconds(1_001) + wait, jump: jump)
        #expect(agreed.horizon == start.advanced(by: .seconds(1_001) + jump))
        #expect(agreed.since == start.advanced(by: .seconds(1_001) + jump))
    }

    @Test func `A wall clock that is set twice: is watched for the larger of both`() {
        var watch = watch()
        _ = agreedTime(&watch, after: .seconds(10), jump: .seconds(172_800))
        _ = agreedTime(&watch, after: .seconds(15), jump: .seconds(172_860))
        _ = agreedTime(&watch, after: .seconds(20))
        #expect(agreedTime(&watch, after: .seconds(172_879)).horizon == nil)
        #expect(agreedTime(&watch, after: .seconds(172_880)).horizon == start.advanced(by: .seconds(20)))
    }

    @Test func `A leap second: counts as no jump`() {
        var watch = watch()
        _ = agreedTime(&watch, after: .seconds(300), jump: .seconds(-1))
        #expect(agreedTime(&watch, after: .seconds(601), jump: .seconds(-1)).horizon != nil)
    }
}
