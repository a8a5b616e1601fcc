import TestSupport
import Testing

@testable import Sending

/// When a message may be sent, by Telegram's limits and by its 429s.
@Suite struct SendPlacesTests {
    @Test func `One chat: a burst of twenty messages, then one a second`() {
        var places = SendPlaces(.telegram)
        var now: Duration = .seconds(5)
        let times = (0..<25).map { _ in
            now = places.send(1, now)
            return now
        }
        #expect(times.prefix(19).allSatisfy { $0 == .seconds(5) })
        #expect(times[19] <= .milliseconds(5_100))
        #expect(zip(times[20...], times[19...]).allSatisfy { $0 - $1 == SendLimits.chatInterval })
    }

    @Test func `All chats together: thirty messages a second`() {
        var places = SendPlaces(.telegram)
        var now: Duration = .zero
        let times = (0..<90).map { chat in
            now = places.send(Int64(chat), now)
            return now
        }
        #expect(times == (0..<90).map { SendLimits.overallPeriod * ($0 / 30) })
    }

    @Test func `A chat that waits: delays no other`() {
        var places = SendPlaces(.telegram)
        for _ in 0..<20 { _ = places.send(1, .seconds(1)) }
        #expect(places.earliest(inChat: 1, isGroup: false, .seconds(1)) > .seconds(1))
        #expect(places.earliest(inChat: 2, isGroup: false, .seconds(1)) == .seconds(1))
        #expect(places.earliest(.seconds(1)) == .seconds(1))
    }

    @Test func `A group: twenty messages a minute`() {
        var places = SendPlaces(.telegram)
        var now: Duration = .zero
        let times = (0..<41).map { _ in
            now = places.send(-1, isGroup: true, now)
            return now
        }
        #expect(times[19] < .seconds(1))
        #expect(times[20] == times[0] + SendLimits.groupPeriod)
        #expect(times[40] == times[20] + SendLimits.groupPeriod)
    }

    @Test(arguments: SendLimits.allCases)
    func `A 429: pauses its chat, at most five minutes`(_ limits: SendLimits) {
        var places = SendPlaces(limits)
        places.tooManyRequests(1, retryAfter: .seconds(7), .seconds(1))
        #expect(places.earliest(inChat: 1, isGroup: false, .seconds(2)) == .seconds(8))
        #expect(places.earliest(inChat: 2, isGroup: false, .seconds(2)) == .seconds(2))
        #expect(places.earliest(.seconds(2)) == .seconds(2))
        places.tooManyRequests(1, retryAfter: .seconds(86_400), .seconds(2))
        #expect(places.earliest(inChat: 1, isGroup: false, .seconds(2)) == .seconds(302))
    }

    @Test func `A 429 in three chats at once: pauses all`() {
        var places = SendPlaces(.telegram)
        for chat in [1, 1, 2] as [Int64] { places.tooManyRequests(chat, retryAfter: .seconds(7), .seconds(1)) }
        #expect(places.earliest(.seconds(1)) == .seconds(1))
        places.tooManyRequests(3, retryAfter: .seconds(7), .seconds(1))
        #expect(places.earliest(.seconds(1)) == .seconds(8))
    }

    @Test func `A queue without limits: neither waits nor remembers chats`() {
        var places = SendPlaces(.none)
        for _ in 0..<1_000 { #expect(places.send(1, isGroup: true, .zero) == .zero) }
        #expect(places.chatsRemembered == 0)
    }

    @Test func `A place that took no effect: free for the next message`() {
        var places = SendPlaces(.telegram)
        for chat in 0..<30 { _ = places.send(Int64(chat), .seconds(1)) }
        #expect(places.earliest(.seconds(1)) > .seconds(1))
        places.giveBack(3, isGroup: false, .seconds(1))
        #expect(places.earliest(.seconds(1)) == .seconds(1))
        // Telegram counted this one although it refused it, so refused messages are bounded, too.
        _ = places.send(30, .seconds(1))
        places.giveBack(30, isGroup: false, .seconds(1), wasRefused: true)
        #expect(places.earliest(.seconds(1)) > .seconds(1))
    }

    @Test func `A place in a group that took no effect: free for the next message`() {
        var places = SendPlaces(.telegram)
        for _ in 0..<20 { _ = places.send(-1, isGroup: true, .seconds(1)) }
        #expect(places.earliest(inChat: -1, isGroup: true, .seconds(3)) > .seconds(60))
        places.giveBack(-1, isGroup: true, .seconds(1))
        #expect(places.earliest(inChat: -1, isGroup: true, .seconds(3)) == .seconds(3))
    }

    @Test func `Chats that are idle: forgotten`() {
        var places = SendPlaces(.telegram)
        for second in 0..<20_000 { _ = places.send(Int64(second), isGroup: second % 2 == 0, .seconds(second)) }
        #expect(places.chatsRemembered <= 2 * SendPlaces.chatsBeforeSweep)
    }

    @Test(arguments: 0..<30 as Range<UInt64>)
    func `Any span of time: has no more messages than Telegram allows`(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var places = SendPlaces(.telegram)
        var now: Duration = .zero
        var sent: [(chat: Int64, at: Duration)] = []
        for _ in 0..<600 {
            now += .milliseconds(Int.random(in: 0...40, using: &random))
            let chat = Int64.random(in: -3...6, using: &random)
            if Int.random(in: 0..<100, using: &random) == 0 {
                places.tooManyRequests(chat, retryAfter: .seconds(3), now)
            }
            now = places.send(chat, isGroup: chat < 0, now)
            if Int.random(in: 0..<20, using: &random) == 0 {
                places.giveBack(chat, isGroup: chat < 0, now)
            } else {
                sent.append((chat, now))
            }
        }
        func within(_ times: [Duration], _ limit: Int, _ period: Duration) -> Bool {
            times.indices.dropFirst(limit).allSatisfy { times[$0] - times[$0 - limit] >= period }
        }
        #expect(within(sent.map(\.at), 30, .seconds(1)), "seed \(seed)")
        for chat in Int64(-3)...6 {
            let times = sent.filter { $0.chat == chat }.map(\.at)
            if chat < 0 { #expect(within(times, 20, .seconds(60)), "seed \(seed)") }
            // A burst of 20 and one for each second: n messages span at least n - 20 seconds.
            for first in times.indices {
                for last in times.indices.dropFirst(first + 20) {
                    #expect(times[last] - times[first] >= .seconds(last - first + 1 - 20), "seed \(seed)")
                }
            }
        }
    }
}

extension SendPlaces {
    /// Sends a message at the earliest time allowed, and returns that time.
    fileprivate mutating func send(_ chat: Int64, isGroup: Bool = false, _ now: Duration) -> Duration {
        var time = now
        while true {
            let allowed = max(earliest(time), earliest(inChat: chat, isGroup: isGroup, time))
            if allowed == time { break }
            time = allowed
        }
        take(chat, isGroup: isGroup, time)
        return time
    }
}
