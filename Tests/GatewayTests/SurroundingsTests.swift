import Contracts
import TelegramBotAPI
import Testing

@testable import Gateway

@Suite struct SurroundingsTests {
    private func well(_ change: (inout Surroundings) -> Void = { _ in }) -> Surroundings {
        var surroundings = Surroundings()
        surroundings.telegram = .receiving
        change(&surroundings)
        return surroundings
    }

    @Test func `A gateway without trouble: ok, and without a detail`() {
        #expect(well().status == .ok && well().detail == nil)
        let waiting = well {
            ($0.oldestReply, $0.oldestUpdate) = (Surroundings.waitMax, Surroundings.waitMax)
        }
        #expect(waiting.status == .ok && waiting.detail == nil)
    }

    @Test func `A remark: in the detail, and no trouble`() {
        let surroundings = well { $0.remark = "the list is kept" }
        #expect(surroundings.status == .ok && surroundings.detail == "the list is kept")
    }

    @Test func `A reply or an update that has waited too long: degraded, and the detail says which`() {
        let reply = well { $0.oldestReply = .seconds(61) }
        #expect(reply.status == .degraded && reply.detail == "the oldest owed reply has waited 61 s to be sent")
        let update = well { $0.oldestUpdate = .seconds(75) }
        #expect(update.status == .degraded && update.detail == "the oldest update has waited 75 s to be handled")
    }

    @Test func `A peer that refuses, or people who are kept out: degraded, with the reason`() {
        let closed = well { $0.away = [.state: "the local database cannot be opened"] }
        #expect(closed.status == .degraded)
        #expect(closed.detail?.contains("(the local database cannot be opened)") == true)
        let refusing = well { $0.allowListTrouble = "everyone is refused" }
        #expect(refusing.status == .degraded && refusing.detail == "everyone is refused")
    }

    @Test func `Ages: of the oldest update and of the oldest reply, until they are settled and delivered`() {
        let (ages, start) = (UpdateAges(), ContinuousClock.now)
        #expect(ages.oldest(at: start) == (nil, nil))
        ages.received(1, at: start)
        ages.received(2, at: start + .seconds(10))
        ages.replyQueued(2, at: start + .seconds(15))
        #expect(ages.oldest(at: start + .seconds(20)) == (.seconds(20), .seconds(5)))
        ages.settled(1)
        #expect(ages.oldest(at: start + .seconds(20)) == (.seconds(10), .seconds(5)))
        // The reply is delivered; the effect waits for a durable tier.
        ages.delivered(2)
        #expect(ages.oldest(at: start + .seconds(20)) == (.seconds(10), nil))
        ages.settled(2)
        #expect(ages.oldest(at: start + .seconds(20)) == (nil, nil))
        ages.replyQueued(3)
        #expect(ages.oldest(at: start) == (nil, nil))
    }

    @Test func `A person told that the message is kept: not told again before a reply`() {
        let notices = KeptNotices()
        #expect(notices.begins(7) && !notices.begins(7) && notices.begins(8))
        notices.failed(8)
        #expect(notices.begins(8))
        notices.answered(7)
        #expect(notices.begins(7))
    }

    @Test func `The wait for storage: counted from its beginning, without interruption`() {
        let (wait, start) = (StorageWait(), ContinuousClock.now)
        #expect(wait.duration(at: start) == .zero)
        wait.begins(at: start)
        wait.begins(at: start + .seconds(3))
        #expect(wait.duration(at: start + .seconds(5)) == .seconds(5))
        wait.ends()
        #expect(wait.duration(at: start + .seconds(6)) == .zero)
    }
}
