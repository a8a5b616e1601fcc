import Testing

@testable import Sending

/// The queue's reaction to one event after another.
@Suite struct SendQueueTests {
    private typealias Harness = QueueHarness

    @Test func `A message within the limits: begun at once, and never stored`() {
        var harness = Harness()
        let token = harness.handOver(Harness.item(1, "hello"))
        #expect(harness.tries.count == 1)
        harness.end(.sent)
        #expect(harness.resolutions == [token: .sent])
        #expect(harness.writes.isEmpty && harness.queue.isAtRest && harness.queue.owedLaneCount == 0)
    }

    @Test func `A message over the limit: stored, counted before it is begun, and cleared`() {
        var harness = Harness()
        for chat in 1...30 { harness.handOver(Harness.item(Int64(chat), "hello")) }
        let token = harness.handOver(Harness.item(31, "hello"))
        #expect(harness.tries.count == 30)
        #expect(harness.writes.map(\.lane) == [31] && harness.resolutions.isEmpty)
        harness.stored()
        #expect(harness.resolutions == [token: .stored])
        while !harness.tries.isEmpty { harness.end(.sent) }
        harness.pass(.milliseconds(1_099))
        #expect(harness.tries.isEmpty && harness.rows == [31: [1]])
        harness.pass(.milliseconds(1))
        #expect(harness.tries.map(\.item.chatID) == [31])
        harness.end(.sent)
        #expect(harness.writes.map(\.row.count) == [0])
        harness.stored()
        #expect(harness.queue.isAtRest && harness.queue.owedLaneCount == 0)
    }

    @Test func `A message over the limit: unresolved while only memory has it`() {
        var harness = Harness()
        for chat in 1...30 { harness.handOver(Harness.item(Int64(chat), "hello")) }
        let token = harness.handOver(Harness.item(31, "hello"))
        harness.stored(isDurable: false)
        #expect(harness.resolutions[token] == nil && harness.writes.isEmpty)
        while !harness.tries.isEmpty { harness.end(.sent) }
        harness.pass(.milliseconds(1_000))
        #expect(harness.resolutions[token] == .stored)
    }

    @Test func `An unknown outcome: at most three tries, two and four minutes apart`() {
        var harness = Harness()
        let token = harness.handOver(Harness.item(1, "hello"))
        harness.end(.unknown)
        harness.pass(.milliseconds(119_999))
        #expect(harness.resolutions == [token: .stored] && harness.tries.isEmpty)
        // Only two tries are left, so a probe first finds out whether Telegram answers.
        harness.pass(.milliseconds(1))
        #expect(harness.probes == 1 && harness.tries.isEmpty)
        harness.probed(.sent)
        #expect(harness.tries.count == 1 && harness.rows == [1: [2]])
        harness.end(.unknown)
        harness.pass(.milliseconds(239_999))
        #expect(harness.tries.isEmpty)
        harness.pass(.milliseconds(1))
        harness.probed(.sent)
        #expect(harness.tries.count == 1 && harness.rows == [1: [3]])
        harness.end(.unknown)
        #expect(harness.reports == [.unknown])
        harness.pass(.seconds(86_400))
        #expect(harness.tries.isEmpty && harness.queue.isAtRest && harness.rows.isEmpty)
    }

    @Test func `An unknown outcome: delays neither its lane nor others`() {
        var harness = Harness()
        harness.handOver(Harness.item(1, "first"))
        harness.end(.unknown)
        harness.handOver(Harness.item(1, "second"))
        harness.handOver(Harness.item(2, "other"))
        #expect(harness.tries.map(\.item.content.text) == ["second", "other"])
    }

    @Test func `A question whose outcome is unknown: not asked again after a later message`() {
        var harness = Harness()
        harness.handOver(Harness.item(1, "question", isPrompt: true))
        harness.end(.unknown)
        harness.handOver(Harness.item(1, "next"))
        harness.end(.sent)
        harness.pass(.seconds(600))
        #expect(harness.tries.isEmpty && harness.queue.owedLaneCount == 0)
    }

    @Test func `Two questions whose outcomes are unknown: only the later one is asked again`() {
        var harness = Harness()
        for text in ["first", "second"] {
            harness.handOver(Harness.item(1, text, isPrompt: true))
            harness.end(.unknown)
        }
        harness.pass(.seconds(119))
        #expect(harness.tries.isEmpty)
        harness.pass(.seconds(2))
        harness.probed(.sent)
        #expect(harness.tries.map(\.item.content.text) == ["second"])
        harness.end(.sent)
        harness.pass(.seconds(600))
        #expect(harness.tries.isEmpty && harness.queue.owedLaneCount == 0)
    }

    @Test func `A try of an earlier process: counted, and waits as if it had just ended`() {
        var harness = Harness(isTakenOver: false)
        harness.tookOver(1, [(Harness.item(1, "hello"), tries: 2)])
        harness.tookOver(2, [(Harness.item(2, "hello"), tries: 3)])
        harness.tookOverAll()
        #expect(harness.reports == [.unknown] && harness.tries.isEmpty)
        harness.pass(.seconds(240))
        harness.probed(.sent)
        #expect(harness.tries.map(\.item.chatID) == [1])
        harness.end(.unknown)
        harness.pass(.seconds(600))
        #expect(harness.tries.isEmpty && harness.rows.isEmpty)
    }

    @Test func `Before an earlier process's rows are known: only passing messages and taps begin`() {
        var harness = Harness(isTakenOver: false)
        harness.handOver(Harness.item(1, "message"))
        let passing = harness.handOver(Harness.item(1, "passing", .passing, expiresAt: .seconds(10)))
        harness.handOver(Harness.item(2, "tap", .tapAnswer, expiresAt: .seconds(150)))
        #expect(harness.tries.map(\.item.content.text) == ["passing", "tap"])
        harness.end(.sent)
        #expect(harness.resolutions == [passing: .sent])
        harness.pass(.seconds(60))
        #expect(harness.writes.isEmpty && harness.tries.count == 1)
        harness.tookOverAll()
        #expect(harness.tries.map(\.item.content.text) == ["tap", "message"])
    }

    @Test func `Telegram unreachable before the rows are known: probed, and the queue wakes only for that`() {
        var harness = Harness(isTakenOver: false)
        harness.handOver(Harness.item(1, "passing", .passing, expiresAt: .seconds(10)))
        harness.end(.notSent)
        #expect(harness.probes == 1)
        harness.probed(.notSent)
        #expect(harness.queue.wakeAt.map { $0 > harness.now } == true)
    }

    @Test func `A tap: acknowledged while its chat is full, and uses no place of a limit`() {
        var harness = Harness()
        for number in 1...40 { harness.handOver(Harness.item(1, "\(number)")) }
        for _ in 1...40 { harness.handOver(Harness.item(1, "tap", .tapAnswer, expiresAt: .seconds(150))) }
        #expect(harness.tries.filter { $0.item.policy == .tapAnswer }.count == 40)
        harness.handOver(Harness.item(2, "hello"))
        #expect(harness.tries.last?.item.chatID == 2)
    }

    @Test func `A passing message that cannot leave at once: reported as queued, and dropped when late`() {
        var harness = Harness()
        for chat in 1...30 { harness.handOver(Harness.item(Int64(chat), "hello")) }
        let token = harness.handOver(Harness.item(31, "passing", .passing, expiresAt: .seconds(1)))
        #expect(harness.resolutions == [token: .queued] && harness.writes.isEmpty)
        harness.pass(.seconds(2))
        #expect(harness.tries.allSatisfy { $0.item.chatID != 31 } && harness.writes.isEmpty)
    }

    @Test func `An update that comes twice: has one reply`() {
        var harness = Harness()
        let first = harness.handOver(Harness.item(1, "hello", update: 7))
        let second = harness.handOver(Harness.item(1, "hello again", update: 7))
        #expect(harness.tries.count == 1)
        harness.end(.sent)
        #expect(harness.resolutions == [first: .sent, second: .sent] && harness.tries.isEmpty)
    }

    @Test func `A waiting message with the same words as another: sent once`() {
        var harness = Harness()
        harness.fill(1)
        for number in 21...30 { harness.handOver(Harness.item(1, "No entry is open.", update: Int64(number))) }
        harness.pass(.seconds(60))
        #expect(harness.tries.count == 1)
        harness.end(.sent)
        harness.pass(.seconds(60))
        #expect(harness.tries.isEmpty && harness.queue.owedLaneCount == 0)
        #expect((21...30).allSatisfy { harness.resolutions[$0] != nil })
    }

    @Test(arguments: [
        (SendRefusal.migrated(to: -1_005), SendForm(chatID: -1_005)),
        (.thread, .changed { $0.isWithoutThread = true }),
        (.repliedMessage, .changed { $0.isWithoutReply = true }),
        (.editedMessage, .changed { $0.isNewMessage = true }),
        (.content, .changed { $0.isPlain = true }),
    ])
    func `A refused form: tried once in another form`(_ refusal: SendRefusal, _ other: SendForm) {
        var harness = Harness()
        let token = harness.handOver(Harness.item(-5, "hello"))
        harness.end(.refused(refusal))
        #expect(harness.tries.map(\.form) == [other])
        harness.end(.refused(refusal))
        #expect(harness.tries.isEmpty && harness.resolutions == [token: .dropped])
        #expect(harness.reports.last == .refused && harness.queue.isAtRest)
    }

    /// Before, while and after Telegram refuses a message to the old id.
    @Test func `A group that became a supergroup: all that is queued goes there`() {
        var harness = Harness()
        harness.handOver(Harness.item(-5, "in flight"))
        harness.handOver(Harness.item(-5, "waiting"))
        harness.migrated(-5, to: -1_005)
        #expect(harness.tries.map(\.form.chatID) == [-5])
        harness.end(.refused(.migrated(to: -1_005)))
        for _ in 1...2 {
            #expect(harness.tries.map(\.form.chatID) == [-1_005])
            harness.end(.sent)
            harness.pass(.seconds(5))
        }
        harness.handOver(Harness.item(-5, "later"))
        #expect(harness.tries.map(\.form.chatID) == [-1_005])
        harness.end(.sent)
        #expect(harness.queue.isAtRest && harness.queue.owedLaneCount == 0 && harness.reports.isEmpty)
    }

    @Test func `A stored row of a group: goes to the supergroup that it is known to have become`() {
        var harness = Harness(isTakenOver: false)
        harness.migrated(-5, to: -1_005)
        harness.tookOver(-5, [(Harness.item(-5, "hello", update: 7), 0)])
        harness.tookOverAll()
        harness.pass(.seconds(1))
        #expect(harness.tries.map(\.form.chatID) == [-1_005])
    }

    @Test func `A chat that blocked the bot: its message is dropped at once`() {
        var harness = Harness()
        let token = harness.handOver(Harness.item(1, "hello"))
        harness.end(.refused(.everything))
        #expect(harness.resolutions == [token: .dropped] && harness.reports == [.refused])
    }

    @Test func `A 429: delays all to its chat until it is over, and other chats are served`() {
        var harness = Harness()
        harness.handOver(Harness.item(1, "hello"))
        harness.end(.tooManyRequests(retryAfter: .seconds(9)))
        harness.handOver(Harness.item(1, "more"))
        harness.handOver(Harness.item(2, "hello"))
        #expect(harness.tries.map(\.item.chatID) == [2])
        harness.end(.sent)
        harness.pass(.milliseconds(8_999))
        #expect(harness.tries.isEmpty)
        harness.pass(.milliseconds(1))
        #expect(harness.tries.map(\.item.content.text) == ["hello"])
    }

    @Test func `Telegram unreachable: probed, and nothing else begins until it responds`() {
        var harness = Harness()
        harness.handOver(Harness.item(1, "hello"))
        harness.end(.notSent)
        #expect(harness.probes == 1)
        harness.handOver(Harness.item(2, "hello"))
        for _ in 0..<5 {
            harness.probed(.notSent)
            harness.pass(.seconds(15))
            #expect(harness.probes == 1 && harness.tries.isEmpty)
        }
        harness.probed(.sent)
        harness.pass(.milliseconds(1))
        #expect(Set(harness.tries.map(\.item.chatID)) == [1, 2])
    }

    @Test func `A stop: late messages are refused, nothing begins, and a try counted ahead is uncounted`() {
        var harness = Harness()
        harness.fill(1)
        harness.handOver(Harness.item(1, "21", update: 21))
        while !harness.writes.isEmpty { harness.stored() }
        #expect(harness.rows == [1: [1]])
        harness.stop()
        let late = harness.handOver(Harness.item(2, "late"))
        #expect(harness.resolutions[late] == .stopping)
        harness.pass(.seconds(60))
        #expect(harness.tries.isEmpty && harness.rows == [1: [0]] && harness.queue.isAtRest)
    }

    @Test func `A stop while a try is being counted: the count is taken back`() {
        var harness = Harness()
        harness.fill(1)
        harness.handOver(Harness.item(1, "21", update: 21))
        harness.stored()
        #expect(harness.writes.map { $0.row.map(\.tries) } == [[1]])
        harness.stop()
        harness.pass(.seconds(60))
        #expect(harness.tries.isEmpty && harness.rows == [1: [0]] && harness.queue.isAtRest)
    }

    @Test func `A lane with more than a row takes: the rest waits unstored, and nothing is lost`() {
        var harness = Harness()
        harness.fill(1)
        let tokens = (21...24).map { number in
            var item = Harness.item(1, "\(number)", update: Int64(number))
            item.content.rowBytes = 90 * 1_024
            return harness.handOver(item)
        }
        harness.pass(.milliseconds(10))
        #expect(tokens.map { harness.resolutions[$0] } == [.stored, .stored, nil, nil])
        var seen: [String] = []
        for _ in 0..<400 {
            harness.pass(.milliseconds(20))
            while let first = harness.tries.first {
                seen.append(first.item.content.text)
                harness.end(.sent)
            }
        }
        #expect(seen == ["21", "22", "23", "24"])
        #expect(harness.queue.owedLaneCount == 0)
    }
}

extension SendForm {
    /// The form of chat -5, changed by `change`.
    fileprivate static func changed(_ change: (inout SendForm) -> Void) -> SendForm {
        var form = SendForm(chatID: -5)
        change(&form)
        return form
    }
}
