import Contracts
import Dialogue
import TestSupport
import Testing

@testable import Gateway

@Suite struct ConversationTests {
    private func conversation(
        _ step: String, _ data: [String: JSONValue], startedAt: Timestamp = Timestamp(milliseconds: 1_700_000_000_000)
    ) -> Conversation {
        Conversation(
            step: step, data: data, revision: Revision(rawValue: 3), updateID: 9, startedAt: startedAt,
            updatedAt: startedAt, expiresAt: startedAt, storedIn: [.sqlite])
    }

    @Test func `A stored entry: read as written, with unknown keys kept`() throws {
        let stored = try #require(
            OpenEntry(conversation("manufacturer", ["nickname": "Pump", "colour": "red", "ocr_data": ["a": 1]])))
        var entry = stored.entry
        entry.step = .serial
        entry.draft.answers[.manufacturer] = .skipped
        entry.draft.answers[.model] = .value("M")
        entry.draft.photoFileID = "p"
        entry.draft.modelHint = "H"
        let data = OpenEntry.data(for: entry, over: stored, answeredUpdates: [4, 5])
        #expect(data["colour"] == "red")
        #expect(data["ocr_data"] == ["a": 1])
        #expect(data["manufacturer"] == .null)
        let again = try #require(OpenEntry(conversation("serial", data)))
        #expect(again.entry == entry)
        #expect(again.answeredUpdates == [4, 5])
        let third = OpenEntry.data(for: entry, over: again, answeredUpdates: Array(5...300))
        #expect(third["answered_updates"]?.arrayValue?.count == OpenEntry.answeredMax)
        #expect(third["answered_updates"]?.arrayValue?.last == 300)
    }

    @Test func `A row of the earlier bot: read as an entry`() throws {
        let data: [String: JSONValue] = [
            "nickname": "Pump", "photo_file_id": .null, "ocr_data": [:], "manufacturer_hint": .null,
            "manufacturer": .null, "model_number": 42,
        ]
        let open = try #require(OpenEntry(conversation("serial", data)))
        #expect(open.entry.step == .serial)
        #expect(open.entry.draft.answers == [.nickname: .value("Pump"), .manufacturer: .skipped, .model: .value("42")])
        #expect(open.entry.draft.photoFileID == nil)
        #expect(open.entry.tag == String(1_700_000_000_000, radix: 36))
    }

    @Test func `A row that cannot be read: no entry`() {
        #expect(OpenEntry(conversation("complete", [:])) == nil)
        #expect(OpenEntry(conversation("", [:])) == nil)
        #expect(OpenEntry(conversation("model", ["nickname": ["x"]])) == nil)
    }

    @Test func `A tag: valid even if the stored one is malformed, and the same for the same turn`() throws {
        let open = try #require(OpenEntry(conversation("model", ["entry_tag": "No tag!"])))
        #expect(TapData.isTag(open.entry.tag))
        let lane = LaneKey(userID: 1, chatID: 1)
        var tags: Set<String> = []
        for update in Int64(0)..<50 {
            for message in Int64(0)..<2 {
                let turn = Turn(
                    updateID: update, lane: lane, isGroup: false, messageID: message,
                    request: .conversation(.addMachine))
                let tag = ConversationTag.begun(by: turn)
                #expect(tag == ConversationTag.begun(by: turn))
                #expect(tag.count == 16)
                #expect(TapData.isTag(tag))
                tags.insert(tag)
            }
        }
        #expect(tags.count == 100)
        #expect(TapData.isTag(ConversationTag.derived(from: Timestamp(milliseconds: -5))))
        #expect(!TapData.isTag(""))
    }

    @Test func `FNV-1a of 128 bits: equal to its published vectors`() {
        #expect(String(MachineRequestID.fnv1a("".utf8), radix: 16) == "6c62272e07bb014262b821756295c58d")
        #expect(String(MachineRequestID.fnv1a("a".utf8), radix: 16) == "d228cb696f1a8caf78912b704e4a8964")
    }

    @Test func `A request id: a UUID of version 8, the same only for the same conversation`() {
        let id = MachineRequestID.make(userID: "1", chatID: "1", tag: "abc")
        #expect(id == MachineRequestID.make(userID: "1", chatID: "1", tag: "abc"))
        #expect(id.isUUID)
        let parts = id.split(separator: "-")
        #expect(parts[2].first == "8")
        #expect("89ab".contains(parts[3].first ?? "-"))
        let others = [("1", "1", "abd"), ("1", "2", "abc"), ("2", "1", "abc"), ("11", "", "abc"), ("1", "1a", "bc")]
        #expect(Set(others.map { MachineRequestID.make(userID: $0.0, chatID: $0.1, tag: $0.2) } + [id]).count == 6)
        #expect(MachineRequestID.uuid(0) == "00000000-0000-8000-8000-000000000000")
        #expect(MachineRequestID.uuid(.max) == "ffffffff-ffff-8fff-bfff-ffffffffffff")
    }

    @Test func `A draft: becomes a machine, and a draft again`() {
        let draft = Draft(
            answers: [.nickname: .value("Pump"), .manufacturer: .value("Acme"), .model: .skipped, .notes: .value("n")],
            photoFileID: "p", manufacturerHint: "hint")
        let details = MachineDetails(draft, ocrData: [:])
        #expect(details.nickname == "Pump")
        #expect(details.texts == [.manufacturer: "Acme", .notes: "n", .photoFileID: "p"])
        #expect(details.ocrData == nil)
        let shown = Draft(details)
        for step in Step.allCases { #expect(shown[step] == draft[step]) }
        #expect(shown.photoFileID == "p")
    }

    @Test func `Photos: found by their message, and the newest twenty kept`() {
        var photos = RecentPhotos()
        for id in 1...25 { photos.offered(.init(message: .init(id: Int64(id)), fileID: "f\(id)")) }
        photos.offered(.init(message: .init(id: 10), fileID: "f10b"))
        let again = RecentPhotos(photos.data)
        #expect(again == photos)
        #expect(again.photos.count == 20)
        #expect(again.photo(of: .init(id: 10))?.fileID == "f10b")
        #expect(again.photo(of: .init(id: 3))?.fileID == nil)
        #expect(again.photo(of: nil)?.fileID == "f10b")
        #expect(RecentPhotos(["photos": "junk"]).photos.isEmpty)
    }

    /// A supergroup begins its message ids again.
    @Test func `Photos of a group and of the supergroup that it became: told apart`() {
        var photos = RecentPhotos()
        photos.offered(.init(message: .init(id: 10), fileID: "of the group"))
        photos.offered(.init(message: .init(id: 10, supergroupID: -100), fileID: "of the supergroup"))
        let again = RecentPhotos(photos.data)
        #expect(again.photo(of: .init(id: 10))?.fileID == "of the group")
        #expect(again.photo(of: .init(id: 10, supergroupID: -100))?.fileID == "of the supergroup")
    }

    @Test func `Updates without effect: the newest remembered, by lane`() {
        var updates = AnsweredUpdates()
        let (ann, bob) = (LaneKey(userID: 1, chatID: 1), LaneKey(userID: 2, chatID: 2))
        updates.answered(1, in: ann)
        updates.answered(2, in: bob)
        #expect(updates.ids(of: ann) == [1])
        for id in 0..<AnsweredUpdates.updatesMax { updates.answered(Int64(100 + id), in: bob) }
        #expect(updates.ids(of: ann).isEmpty)
        #expect(updates.ids(of: bob).count == AnsweredUpdates.updatesMax)
    }

    @Test func `The button of a page: fits, or is left out`() {
        #expect(LibraryQuery(callbackData: "lib:2:a:b") == LibraryQuery(words: "a:b", page: 2))
        #expect(LibraryQuery(callbackData: "lib:0") == LibraryQuery(words: ""))
        #expect(LibraryQuery(callbackData: "lib:x:w") == LibraryQuery(words: "w"))
        #expect(LibraryQuery(callbackData: "library") == nil)
        let query = LibraryQuery(words: "pump")
        #expect(query.callbackData(page: 0) == nil)
        #expect(query.callbackData(page: 7) == "lib:7:pump")
        #expect(LibraryQuery(words: String(repeating: "ä", count: 30)).callbackData(page: 2) == nil)
        #expect(LibraryQuery(words: String(repeating: "ä", count: 900)).words.utf8.count <= LibraryQuery.wordsBytesMax)
    }

    @Test func `A stranger: told once an hour, with a bound on the number of strangers`() {
        var ledger = RefusalLedger()
        let start = Timestamp(milliseconds: 0)
        #expect(ledger.isDue(1, now: start) == true)
        #expect(ledger.isDue(1, now: start.advanced(by: .seconds(3_599))) == false)
        #expect(ledger.isDue(1, now: start.advanced(by: .seconds(3_600))) == true)
        for id in 2...Int64(RefusalLedger.usersMax) {
            #expect(ledger.isDue(id, now: start.advanced(by: .seconds(3_600))) == true)
        }
        #expect(ledger.isDue(5_000, now: start.advanced(by: .seconds(3_600))) == false)
        #expect(ledger.isDue(5_000, now: start.advanced(by: .seconds(7_200))) == true)
    }
}
