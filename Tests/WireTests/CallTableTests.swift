import NIOCore
import Testing

@testable import Wire

@Suite struct CallTableTests {
    private func entry(
        _ waiter: String, isIdempotent: Bool = true, deadline: UInt64 = 100
    ) -> CallTable<String>.Entry {
        CallTable.Entry(
            waiter: waiter, frame: ByteBuffer(string: waiter), isIdempotent: isIdempotent,
            deadline: .uptimeNanoseconds(deadline))
    }

    private func submit(_ id: Int64, _ entry: CallTable<String>.Entry, _ table: inout CallTable<String>) -> Bool {
        if case .wait = table.callSubmitted(id, entry) { true } else { false }
    }

    private func reply(_ id: Int64, _ table: inout CallTable<String>) -> String? {
        switch table.replyReceived(for: id) {
        case .resume(let waiter): waiter
        case .dropLateReply: nil
        }
    }

    private func written(_ table: inout CallTable<String>) -> [String] {
        var frames: [String] = []
        while let frame = table.nextToWrite() { frames.append(String(buffer: frame)) }
        return frames
    }

    @Test func `Calls: written in order and completed in any order`() {
        var table = CallTable<String>()
        for (id, name) in [(1, "a"), (2, "b"), (3, "c")] { #expect(submit(Int64(id), entry(name), &table)) }
        #expect(written(&table) == ["a", "b", "c"])
        #expect([3, 1, 2].map { reply($0, &table) } == ["c", "a", "b"])
        #expect(table.count == 0)
    }

    @Test func `A second reply or one to an unknown call: dropped`() {
        var table = CallTable<String>()
        #expect(submit(1, entry("a"), &table))
        #expect(reply(2, &table) == nil)
        #expect(reply(1, &table) == "a")
        #expect(reply(1, &table) == nil)
    }

    @Test func `The late reply of an abandoned call: dropped`() {
        var table = CallTable<String>()
        #expect(submit(1, entry("a"), &table))
        #expect(submit(2, entry("b"), &table))
        #expect(table.callAbandoned(2) == "b")
        #expect(written(&table) == ["a"], "an abandoned call is not written")
        #expect(table.callAbandoned(1) == "a")
        #expect(table.callAbandoned(1) == nil)
        #expect(reply(1, &table) == nil)
    }

    @Test func `Deadlines: each passes once`() {
        var table = CallTable<String>()
        #expect(submit(1, entry("a", deadline: 30), &table))
        #expect(submit(2, entry("b", deadline: 10), &table))
        #expect(table.earliestDeadline == .uptimeNanoseconds(10))
        #expect(table.deadlinesPassed(at: .uptimeNanoseconds(9)) == [])
        #expect(table.deadlinesPassed(at: .uptimeNanoseconds(10)) == ["b"])
        #expect(table.earliestDeadline == .uptimeNanoseconds(30))
        #expect(table.deadlinesPassed(at: .uptimeNanoseconds(99)) == ["a"])
        #expect(table.earliestDeadline == nil)
    }

    @Test func `Calls after a lost connection: idempotent ones are written again, the others fail`() {
        var table = CallTable<String>()
        #expect(submit(1, entry("a"), &table))
        #expect(submit(2, entry("b", isIdempotent: false), &table))
        #expect(table.nextToWrite().map { String(buffer: $0) } == "a")
        #expect(table.nextToWrite().map { String(buffer: $0) } == "b")
        #expect(submit(3, entry("c", isIdempotent: false), &table))
        #expect(table.connectionLost() == ["b"])
        #expect(written(&table) == ["a", "c"], "what was not written is no loss")
    }

    @Test func `Calls and their bytes: bounded`() {
        var table = CallTable<String>(callsMax: 2, bytesMax: 5)
        #expect(submit(1, entry("aaa"), &table))
        #expect(!submit(2, entry("bbb"), &table), "bytes")
        #expect(submit(3, entry("cc"), &table))
        #expect(!submit(4, entry(""), &table), "calls")
        #expect(reply(1, &table) == "aaa")
        #expect(submit(5, entry("ddd"), &table))
        #expect(table.removeAll() == ["cc", "ddd"])
    }
}
