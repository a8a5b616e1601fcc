import TestSupport
import Testing

@testable import TelegramBotAPI

@Suite struct PollScheduleTests {
    private func poll(_ schedule: inout PollSchedule, at now: Duration, _ outcome: Result<[Int64], TelegramError>) {
        schedule.pollStarted(offset: schedule.ledger.offset, now: now)
        var random = SeededGenerator(seed: 1)
        switch outcome {
        case .success(let ids): _ = schedule.pollAnswered(ids)
        case .failure(let error): schedule.pollFailed(error, now: now, using: &random)
        }
    }

    /// Telegram drops updates that are not fetched within a day.
    @Test(arguments: [(3, 3), (300, 300), (86_400, 300)])
    func `A pause that the server asks for: kept, for at most five minutes`(_ asked: Int, _ kept: Int) {
        var schedule = PollSchedule()
        poll(&schedule, at: .seconds(10), .failure(.tooManyRequests(retryAfter: .seconds(asked))))
        #expect(schedule.nextAction(now: .seconds(11)) == .wait(until: .seconds(10 + kept)))
        #expect(schedule.nextAction(now: .seconds(10 + kept)) == .poll(offset: nil, timeout: .zero))
    }

    @Test(arguments: [
        TelegramError.malformedResponse(status: 200), .outcomeUnknown(.transport(HTTPFailure(.responseTooLarge))),
    ])
    func `After a response that cannot be read: updates are requested one at a time`(_ error: TelegramError) {
        var schedule = PollSchedule()
        #expect(schedule.batch == 100)
        poll(&schedule, at: .zero, .success([1, 2]))
        poll(&schedule, at: .zero, .failure(error))
        // Two updates are unsettled, so the third is the first new one.
        #expect(schedule.batch == 3)
        poll(&schedule, at: .zero, .success([1, 2, 3]))
        #expect(schedule.batch == 4)
        for id in 1...3 as ClosedRange<Int64> { _ = schedule.settled(id) }
        for id in 4...102 as ClosedRange<Int64> {
            #expect(schedule.batch == 1)
            poll(&schedule, at: .zero, .success([id]))
            _ = schedule.settled(id)
        }
        #expect(schedule.batch == 100)
        poll(&schedule, at: .zero, .failure(error))
        #expect(schedule.batch == 1)
        poll(&schedule, at: .zero, .success([]))
        #expect(schedule.batch == 100)
    }
}
