import Contracts
import Dialogue
import Synchronization
import Testing

@testable import Gateway

@Suite struct TurnEngineTests {
    private let services = FakeServices()
    private let lane = LaneKey(userID: 7, chatID: 7)

    private func engine(_ memory: TurnMemory = TurnMemory()) -> TurnEngine<FakeServices> {
        TurnEngine(
            calls: services, memory: memory, now: { Timestamp(milliseconds: 0) }, newTag: { _ in "tagtagtagtagtag1" })
    }

    private func turn(_ id: Int64, _ input: Input, isOverheard: Bool = false) -> Turn {
        Turn(
            updateID: id, lane: lane, isGroup: false, messageID: id, request: .conversation(input),
            isOverheard: isOverheard)
    }

    /// A whole entry: `/addmachine`, then six answers.
    private var entry: [Turn] {
        let inputs: [Input] = [
            .addMachine, .text("Pump"), .text("Acme"), .skip, .text("SN"), .text("Hall"), .text("fine"),
        ]
        return inputs.enumerated().map { turn(Int64(10 + $0.offset), $0.element) }
    }

    private func expectOnePump() {
        let machines = services.content.withLock { Array($0.machines.values) }
        #expect(machines.count == 1)
        #expect(machines.first?.details.nickname == "Pump")
        #expect(
            machines.first?.details.texts == [
                .manufacturer: "Acme", .serialNumber: "SN", .location: "Hall", .notes: "fine",
            ])
        #expect(services.row(lane)?.isOpen == false)
    }

    @Test func `An entry: goes from its beginning to the library`() async throws {
        for turn in entry {
            let outcome = try await engine().run(turn)
            #expect(outcome.reply != nil)
            #expect(outcome.volatile.isEmpty)
        }
        expectOnePump()
    }

    /// Rivet did not know yet which group this supergroup had been.
    @Test
    func `An entry that began under the supergroup's id: goes on there, and the next one begins under the group's`()
        async throws
    {
        let (group, supergroup) = (LaneKey(userID: 7, chatID: -5), LaneKey(userID: 7, chatID: -100))
        func moved(_ turn: Turn, _ lane: LaneKey, _ supergroupID: Int64? = nil) -> Turn {
            var turn = turn
            (turn.lane, turn.supergroupID) = (lane, supergroupID)
            return turn
        }
        for turn in entry.prefix(3) { _ = try await engine().run(moved(turn, supergroup)) }
        for turn in entry.dropFirst(3) {
            for _ in 1...2 { #expect(try await engine().run(moved(turn, group, -100)).reply != nil) }
        }
        #expect(services.content.withLock { $0.machines.count } == 1)
        #expect(services.row(group)?.isOpen != true && services.row(supergroup)?.isOpen == false)
        _ = try await engine().run(moved(turn(30, .addMachine), group, -100))
        #expect(services.row(group)?.isOpen == true && services.row(supergroup)?.isOpen == false)
    }

    @Test func `Each update delivered twice: takes effect once, with the same reply`() async throws {
        for turn in entry {
            let first = try await engine().run(turn)
            let second = try await engine().run(turn)
            #expect(second.isRepeated)
            #expect(first.reply == second.reply)
        }
        expectOnePump()
    }

    @Test func `Updates delivered again after an entry: change nothing, and only the last gets a reply`() async throws {
        for turn in entry { _ = try await engine().run(turn) }
        for turn in entry.dropLast() { #expect(try await engine().run(turn).reply == nil) }
        #expect(try await engine().run(entry[6]).reply?.plainText.contains("Saved to Library") == true)
        expectOnePump()
    }

    /// "Pump", sent before an entry was open, must not become a nickname: not after a crash, and not after a second
    /// one, when the entry that remembered it has ended and another one is open.
    @Test func `An update that changed nothing: never changes anything, even after two crashes`() async throws {
        let hello = turn(1, .text("Pump"))
        let first = engine()
        _ = try await first.run(hello)
        _ = try await first.run(turn(2, .addMachine))
        let second = engine()
        for turn in [hello, turn(2, .addMachine), turn(3, .cancel), turn(4, .addMachine)] {
            _ = try await second.run(turn)
        }
        let third = engine()
        #expect(try await third.run(hello).isRepeated)
        #expect(services.row(lane)?.step == "nickname")
    }

    /// The process dies at every call, before and after its effect, and all unsettled updates come again.
    @Test(arguments: 0..<30, [false, true])
    func `A crash at any call: repaired`(_ call: Int, _ afterEffect: Bool) async throws {
        services.content.withLock { $0.failure = (call, afterEffect) }
        var memory = TurnMemory()
        for turn in entry {
            while true {
                do {
                    _ = try await engine(memory).run(turn)
                    break
                } catch {
                    memory = TurnMemory()
                }
            }
        }
        expectOnePump()
    }

    @Test func `A text sent before an entry was open: does not become its answer`() async throws {
        let memory = TurnMemory()
        let hello = turn(5, .text("hello"))
        #expect(try await engine(memory).run(hello).reply != nil)
        _ = try await engine(memory).run(entry[0])
        // A crash: Telegram has no confirmation of update 5.
        let again = try await engine().run(hello)
        #expect(again == TurnOutcome(isRepeated: true))
        #expect(services.row(lane)?.step == "nickname")
        for turn in entry.dropFirst() { _ = try await engine().run(turn) }
        expectOnePump()
    }

    @Test func `A refused answer that comes again: not accepted at a later step`() async throws {
        let memory = TurnMemory()
        _ = try await engine(memory).run(entry[0])
        let short = turn(50, .text("P"))
        _ = try await engine(memory).run(short)
        _ = try await engine(memory).run(entry[1])
        #expect(try await engine().run(short).reply == nil)
        #expect(services.row(lane)?.step == "manufacturer")
    }

    @Test func `A request to begin while an entry is open: begins none after that one has ended`() async throws {
        _ = try await engine().run(entry[0])
        let again = turn(60, .addMachine)
        #expect(try await engine().run(again).reply?.plainText.contains("in-progress") == true)
        _ = try await engine().run(turn(61, .cancel))
        #expect(services.row(lane)?.isOpen == false)
        #expect(try await engine().run(again).reply == nil)
        #expect(services.row(lane)?.isOpen == false)
    }

    @Test func `An effect in memory only: the reply says so, and the update stays unsettled`() async throws {
        services.content.withLock { $0.isStateDurable = false }
        let outcome = try await engine().run(entry[0])
        #expect(outcome.volatile.count == 1)
        #expect(outcome.spoken?.plainText.contains("held in memory only") == true)
        #expect(try await engine().run(entry[0]).volatile == [.applied(lane.conversation(), updateID: 10)])
        for effect in outcome.volatile { #expect(try await effect.status(services) == .volatile) }
        services.content.withLock { $0.isStateDurable = true }
        for effect in outcome.volatile { #expect(try await effect.status(services) == .durable) }
    }

    @Test func `Updates of an entry delivered again: unsettled until its end is durable`() async throws {
        services.content.withLock { ($0.isStateDurable, $0.isLibraryDurable) = (false, false) }
        for turn in entry { _ = try await engine().run(turn) }
        for turn in entry { #expect(try await engine().run(turn).volatile.isEmpty == false) }
        #expect(try await VolatileEffect.applied(lane.conversation(), updateID: 12).status(services) == .unclear)
        services.content.withLock { ($0.isStateDurable, $0.isLibraryDurable) = (true, true) }
        for turn in entry { #expect(try await engine().run(turn).volatile.isEmpty) }
        expectOnePump()
    }

    @Test func `Lost memory: noticed`() async throws {
        services.content.withLock { $0.isStateDurable = false }
        for turn in entry.prefix(2) { _ = try await engine().run(turn) }
        let outcome = try await engine().run(entry[2])
        services.content.withLock { $0.rows = [:] }
        #expect(try await outcome.volatile[0].status(services) == .lost)
        #expect(try await VolatileEffect.applied(lane.conversation(), updateID: 12).status(services) == .lost)
    }

    @Test func `A machine that only the memory of the library had: added again`() async throws {
        services.content.withLock { $0.isLibraryDurable = false }
        for turn in entry.dropLast() { _ = try await engine().run(turn) }
        let outcome = try await engine().run(entry[6])
        #expect(outcome.volatile.count == 1)
        services.content.withLock { ($0.machines, $0.isLibraryDurable) = ([:], true) }
        let again = try await engine().run(entry[6])
        #expect(again.volatile.isEmpty)
        #expect(again.reply?.plainText.contains("Saved to Library") == true)
        expectOnePump()
    }

    @Test func `A nickname that was taken after the check: asked for again`() async throws {
        for turn in entry.dropLast() { _ = try await engine().run(turn) }
        let other = LibraryAdd.Params(requestID: "other", userID: "7", details: MachineDetails(nickname: "PUMP"))
        _ = try await services.call(LibraryAdd.self, other)
        let outcome = try await engine().run(entry[6])
        #expect(outcome.reply?.plainText.contains("already have") == true)
        #expect(services.row(lane)?.step == "nickname")
        let saved = try await engine().run(turn(80, .text("Pump 2")))
        #expect(saved.reply?.plainText.contains("Saved to Library") == true)
        #expect(services.content.withLock { $0.machines.count } == 2)
    }

    @Test func `An entry that cannot be read: cleared`() async throws {
        let params = StateSave.Params(key: lane.conversation(), step: "complete", data: [:])
        _ = try await services.call(StateSave.self, params)
        let turn = turn(90, .text("x"))
        let outcome = try await engine().run(turn)
        #expect(outcome.message == .trouble(.unreadableEntry))
        #expect(services.row(lane)?.isOpen == false)
        #expect(try await engine().run(turn).message == .trouble(.unreadableEntry))
    }

    @Test func `A photo without an entry: stored, offered and found`() async throws {
        let photo = Turn(
            updateID: 1, lane: lane, isGroup: false, messageID: 40, request: .photo(fileID: "p1", caption: nil))
        let offer = try await engine().run(photo)
        #expect(offer.repliesToMessage)
        #expect(offer.message == .photo(.offer))
        #expect(try await engine().run(photo) == offer)
        let tap = Turn(
            updateID: 2, lane: lane, isGroup: false, request: .saveTapped(photoMessageID: 40, photoFileID: nil),
            tap: Turn.Tap(queryID: "q", messageID: 41))
        _ = try await engine().run(tap)
        #expect(services.row(lane)?.data["photo_file_id"] == "p1")
        let second = Turn(
            updateID: 3, lane: lane, isGroup: false, messageID: 42, request: .photo(fileID: "p2", caption: nil))
        _ = try await engine().run(second)
        #expect(services.row(lane)?.data["photo_file_id"] == "p2")
        #expect(services.row(lane, "photo")?.data == ["photos": [["message_id": 40, "file_id": "p1"]]])
    }

    @Test func `A captioned photo: its words are proposed as the nickname`() async throws {
        let photo = Turn(
            updateID: 1, lane: lane, isGroup: false, messageID: 40,
            request: .photo(fileID: "p1", caption: .answer("Main pump")))
        #expect(try await engine().run(photo).message == .photo(.offer))
        let tap = Turn(
            updateID: 2, lane: lane, isGroup: false, request: .saveTapped(photoMessageID: 40, photoFileID: nil),
            tap: Turn.Tap(queryID: "q", messageID: 41))
        #expect(try await engine().run(tap).reply?.buttons.first?.first?.label == "💡 Main pump")
        _ = try await engine().run(turn(3, .button(data: "hint:nickname:tagtagtagtagtag1")))
        #expect(services.row(lane)?.data["nickname"] == "Main pump" && services.row(lane)?.step == "manufacturer")
    }

    @Test func `A nickname behind /addmachine: one save, delivered once or twice`() async throws {
        let begin = turn(10, .begin(Draft(), nickname: "Pump 3"))
        let first = try await engine().run(begin)
        #expect(first.reply?.plainText.hasPrefix("✅ Nickname: Pump 3") == true)
        #expect(services.row(lane)?.step == "manufacturer")
        let second = try await engine().run(begin)
        #expect(second.isRepeated && second.reply == first.reply)
        let other = LibraryAdd.Params(requestID: "other", userID: "7", details: MachineDetails(nickname: "PUMP"))
        _ = try await services.call(LibraryAdd.self, other)
        _ = try await engine().run(turn(11, .cancel))
        let taken = try await engine().run(turn(12, .begin(Draft(), nickname: "Pump")))
        #expect(taken.reply?.plainText.contains("already have") == true && services.row(lane)?.step == "nickname")
    }

    @Test func `A photo with a caption that is refused: the photo is stored`() async throws {
        _ = try await engine().run(entry[0])
        let photo = Turn(
            updateID: 11, lane: lane, isGroup: false, messageID: 40,
            request: .photo(fileID: "p1", caption: .answer("x")))
        #expect(try await engine().run(photo).reply?.plainText.contains("too short") == true)
        #expect(services.row(lane)?.data["photo_file_id"] == "p1" && services.row(lane)?.step == "nickname")
    }

    @Test func `An overheard message: gets a reply only while an entry is open`() async throws {
        #expect(try await engine().run(turn(1, .text("hello"), isOverheard: true)).reply == nil)
        _ = try await engine().run(entry[0])
        #expect(try await engine().run(turn(11, .text("Pump"), isOverheard: true)).reply != nil)
        #expect(services.row(lane)?.step == "manufacturer")
    }

    @Test func `The pages of the library: counted from one`() async throws {
        for number in 1...45 {
            let details = MachineDetails(nickname: "M\(number)")
            _ = try await services.call(
                LibraryAdd.self, .init(requestID: "r\(number)", userID: "7", details: details))
        }
        func page(_ number: Int) async throws -> Reply? {
            try await engine().run(
                Turn(
                    updateID: 1, lane: lane, isGroup: false, request: .library(LibraryQuery(words: "", page: number)))
            ).reply
        }
        #expect(try await page(1)?.buttons.flatMap(\.self).map(\.data) == ["lib:2"])
        #expect(try await page(2)?.plainText.contains("21. M25") == true)
        #expect(try await page(2)?.buttons.flatMap(\.self).map(\.data) == ["lib:1", "lib:3"])
        #expect(try await page(3)?.buttons.flatMap(\.self).map(\.data) == ["lib:2"])
        #expect(try await page(9) == page(3))
    }

    @Test func `A stranger: refused once`() async throws {
        let memory = TurnMemory()
        let stranger = Turn(updateID: 1, lane: lane, isGroup: false, messageID: 1, request: .refusal)
        #expect(try await engine(memory).run(stranger).message == .trouble(.notAllowed(userID: "7")))
        #expect(try await engine(memory).run(stranger).reply == nil)
        #expect(services.content.withLock { $0.log.isEmpty })
    }

    /// The process dies at each call, before and after its effect.
    @Test(arguments: 0..<16, [StateClear.Reason.expired, .cancelled])
    func `An entry that is over and taken up again: continues whole, through a crash at any call`(
        _ call: Int, _ reason: StateClear.Reason
    ) async throws {
        for turn in entry.prefix(4) { _ = try await engine().run(turn) }
        let before = try #require(services.row(lane))
        let key = lane.conversation()
        _ = try await services.call(StateClear.self, .init(key: key, reason: reason))
        let inputs: [Input] = [
            .text("late"), .addMachine, .button(data: "resume:serial:tagtagtagtagtag1"), .text("SN"), .text("Hall"),
            .text("fine"),
        ]
        services.content.withLock { $0.failure = (call, call.isMultiple(of: 2)) }
        var memory = TurnMemory()
        for (number, input) in inputs.enumerated() {
            while true {
                do {
                    let outcome = try await engine(memory).run(turn(Int64(20 + number), input))
                    let text = try #require(outcome.reply).plainText
                    if number == 0 { #expect(text.contains("expired") == (reason == .expired)) }
                    if number == 2 {
                        #expect(text.contains("Acme") && text.contains("serial number"))
                        let row = try #require(services.row(lane))
                        #expect(row.step == before.step && row.revision > before.revision)
                        #expect(row.data["earlier_entry"] == nil && row.data["manufacturer"] == "Acme")
                    }
                    break
                } catch is ServiceFailure {
                    memory = TurnMemory()
                }
            }
        }
        expectOnePump()
    }

    /// "hello" gets its reply while an entry that is over is kept. Then another entry begins, and another process takes
    /// up the kept one.
    @Test func `An update that changed nothing: never answers an entry taken up by another process`() async throws {
        for turn in entry.prefix(3) { _ = try await engine().run(turn) }
        _ = try await services.call(StateClear.self, .init(key: lane.conversation(), reason: .expired))
        let hello = turn(20, .text("hello"))
        let first = engine()
        _ = try await first.run(hello)
        _ = try await first.run(turn(21, .addMachine))
        _ = try await engine().run(turn(22, .button(data: "resume:model:tagtagtagtagtag1")))
        let again = try await engine().run(hello)
        #expect(again.isRepeated && again.reply == nil)
        #expect(services.row(lane)?.step == "model")
    }

    @Test func `An answer in the entry that began after it: drops the entry that was over`() async throws {
        for turn in entry.prefix(3) { _ = try await engine().run(turn) }
        _ = try await services.call(StateClear.self, .init(key: lane.conversation(), reason: .expired))
        _ = try await engine().run(turn(20, .addMachine))
        #expect(services.row(lane)?.data["earlier_entry"] != nil)
        _ = try await engine().run(turn(21, .text("Valve")))
        #expect(services.row(lane)?.data["earlier_entry"] == nil)
        let late = try await engine().run(turn(22, .button(data: "resume:model:tagtagtagtagtag1")))
        #expect(late.reply?.notice?.contains("Nothing was changed") == true)
        #expect(services.row(lane)?.data["nickname"] == "Valve")
    }

    @Test func `Entries that expire without an answer: keep the earlier one that has some`() async throws {
        for turn in entry.prefix(3) { _ = try await engine().run(turn) }
        for update in 20...29 as ClosedRange<Int64> {
            _ = try await services.call(StateClear.self, .init(key: lane.conversation(), reason: .expired))
            _ = try await engine().run(turn(update, .addMachine))
        }
        let bytes = JSONValue.object(try #require(services.row(lane)).data).serialized().count
        #expect(bytes < 600, "\(bytes)")
        let outcome = try await engine().run(turn(30, .button(data: "resume:model:tagtagtagtagtag1")))
        #expect(outcome.reply?.plainText.contains("Acme") == true)
    }
}
