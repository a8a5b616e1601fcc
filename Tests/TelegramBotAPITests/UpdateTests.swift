import Foundation
import TestSupport
import Testing

@testable import TelegramBotAPI

@Suite struct UpdateTests {
    private func updates(_ json: String) throws -> LossyList<Update> {
        try JSONDecoder().decode(LossyList<Update>.self, from: Data(json.utf8))
    }

    private func message(_ members: String) throws -> Message {
        try JSONDecoder().decode(
            Message.self, from: Data(#"{"message_id":1,"date":5,"chat":{"id":2,"type":"private"},\#(members)}"#.utf8))
    }

    @Test func `A message in a topic: read whole`() throws {
        let list = try updates(
            #"""
            [{"update_id":10,"message":{"message_id":4,"message_thread_id":77,"is_topic_message":true,
            "from":{"id":9007199254740993,"is_bot":false,"first_name":"Ä","username":"u","language_code":"de"},
            "chat":{"id":-1001234567890,"type":"supergroup","title":"T","is_forum":true},"date":1700000000,"text":"hi",
            "reply_to_message":{"message_id":3,"date":1,"chat":{"id":1,"type":"private"},"text":"q",
            "reply_to_message":{"message_id":2,"date":1,"chat":{"id":1,"type":"private"}}}}}]
            """#)
        guard case .message(let message) = list.elements.first?.kind else { throw UnexpectedOutcome(list) }
        #expect(message.from == User(id: 9_007_199_254_740_993, firstName: "Ä", username: "u", languageCode: "de"))
        #expect(message.chat == Chat(id: -1_001_234_567_890, kind: .supergroup, title: "T"))
        #expect(message.chat.isGroup && message.topicID == 77 && message.contentKind == .text && message.text == "hi")
        #expect(message.replyTo?.text == "q" && message.replyTo?.replyTo == nil)
    }

    @Test func `The kinds of updates: told apart`() throws {
        let message = #"{"message_id":4,"date":1,"chat":{"id":1,"type":"private"},"text":"x"}"#
        let from = #""from":{"id":8,"is_bot":false,"first_name":"F"}"#
        let list = try updates(
            #"""
            [{"update_id":1,"edited_message":\#(message)},
            {"update_id":2,"callback_query":{"id":"q",\#(from),"message":\#(message),"data":"d","chat_instance":"5"}},
            {"update_id":3,"callback_query":{"id":"q",\#(from),"message":{"message_id":4,"date":0,"chat":{"id":1,"type":"private"}}}},
            {"update_id":4,"my_chat_member":{"chat":{"id":1,"type":"private"},\#(from),"date":1,
            "old_chat_member":{"status":"member"},"new_chat_member":{"status":"kicked","until_date":0}}}]
            """#
        ).elements
        guard case .editedMessage = list[0].kind, case .callbackQuery(let seen) = list[1].kind,
            case .callbackQuery(let unseen) = list[2].kind, case .myChatMember(let change) = list[3].kind
        else { throw UnexpectedOutcome(list) }
        #expect(seen.data == "d" && seen.message?.messageID == 4)
        #expect(unseen.message == .inaccessible(InaccessibleMessage(id: 4, chat: Chat(id: 1))))
        #expect(change.newStatus == .kicked)
    }

    @Test func `An update that cannot be read: keeps its ID`() throws {
        let list = try updates(
            #"""
            [{"update_id":1,"poll":{"id":"1"}},{"update_id":2},{"update_id":3,"message":"text"},{"update_id":4,"message":{"date":1}},
            {"update_id":5,"callback_query":{"id":7}},{"update_id":6,"message":null},{"message":{}},7,null,[],
            {"update_id":7,"message":{"message_id":1,"chat":{"id":3,"type":"private"},"from":[],"text":5,"photo":"x","date":"y"}}]
            """#)
        #expect(list.elements.map(\.id) == [1, 2, 3, 4, 5, 6, 7])
        let kinds = list.elements.dropLast().map { update -> String? in
            if case .unreadable(let unreadable) = update.kind { unreadable.kind } else { "\(update.kind)" }
        }
        #expect(kinds == ["unknown", "unknown", "message", "message", "callback_query", "unknown"])
        #expect(list.dropped == 4)
        guard case .message(let message) = list.elements[6].kind else { throw UnexpectedOutcome(list) }
        #expect(message.from == nil && message.text == nil && message.photo.isEmpty)
    }

    @Test func `Photos and documents: kept`() throws {
        let photo = try message(
            #""caption":"c","photo":[{"file_id":"a","width":90,"height":60},{"width":1},{"file_id":"b","width":900,"height":600}]"#
        )
        #expect(photo.photo.map(\.fileID) == ["a", "b"] && photo.caption == "c" && photo.contentKind == .photo)
        let document = try message(#""document":{"file_id":"d","mime_type":"image/png","file_size":5}"#)
        #expect(document.document == Document(fileID: "d", mimeType: "image/png") && document.contentKind == .document)
    }

    @Test func `The largest size of a photo: found even if the product of its sides overflows`() throws {
        let photo = try message(
            #""photo":[{"file_id":"a","width":9223372036854775807,"height":-5},{"file_id":"b","width":90,"height":60}]"#
        )
        #expect(photo.photo.map(\.pixelCount) == [0, 5_400])
        #expect(PhotoSize(fileID: "c", width: .max, height: .max).pixelCount == .max)
        #expect(PhotoSize(fileID: "d", width: .min, height: .min).pixelCount == 0)
    }

    @Test(arguments: [
        (#""sticker":{"file_id":"s"}"#, ContentKind.sticker), (#""voice":{}"#, .voice), (#""video":{}"#, .video),
        (#""animation":{},"document":{"file_id":"d"}"#, .animation), (#""venue":{},"location":{}"#, .venue),
        (#""migrate_to_chat_id":-100"#, .migration), (#""new_chat_members":[]"#, .service),
        (#""paid_media":{}"#, .other), (#""checklist":{}"#, .other),
        (#""text":null"#, .service), (#""gift":{}"#, .service), (#""a_kind_to_come":{}"#, .service),
    ])
    func `The kind of content: recognized`(_ members: String, _ kind: ContentKind) throws {
        #expect(try message(members).contentKind == kind)
    }

    @Test func `Marks, albums, senders and places: kept`() throws {
        let text = try message(
            #""text":"/a b","entities":[{"type":"bot_command","offset":0,"length":2},{"type":5}],"is_automatic_forward":true"#
        )
        #expect(text.entities == [MessageEntity(type: "bot_command", offset: 0, length: 2)] && text.isAutomaticForward)
        let photo = try message(
            #""caption":"/a","caption_entities":[{"type":"code","offset":0,"length":2}],"media_group_id":"g","photo":[]"#
        )
        #expect(photo.entities?.map(\.type) == ["code"] && photo.mediaGroupID == "g")
        #expect(try message(#""text":"x""#).entities == nil)
        let pin = try message(#""location":{"latitude":1.5,"longitude":-2}"#)
        #expect(pin.place == MapPlace(latitude: 1.5, longitude: -2) && pin.contentKind == .location)
        let venue = try message(
            #""location":{"latitude":1,"longitude":2},"venue":{"location":{"latitude":1,"longitude":2},"title":"T","address":"A"}"#
        )
        #expect(venue.place?.title == "T" && venue.place?.address == "A" && venue.contentKind == .venue)
        #expect(try message(#""location":{"latitude":"x"}"#).place == nil)
        let file = try message(#""document":{"file_id":"d","file_name":"IMG.JPG"}"#)
        #expect(file.document?.isPhoto == true)
        #expect(try message(#""sender_chat":{"id":-7,"type":"channel"},"text":"x""#).senderChat?.id == -7)
    }

    @Test(
        arguments: [
            (
                #"{"type":"paragraph","text":"a"},{"type":"paragraph","text":["b",{"type":"bold","text":["c","d"]}]}"#,
                "a\nbcd"
            ),
            (#"{"type":"divider"},{"type":"pre","text":"x = 1"},{"type":"anchor","name":"n"}"#, "x = 1"),
            (#"{"type":"paragraph","text":{"type":"custom_emoji","custom_emoji_id":"1","alternative_text":"🔧"}}"#, "🔧"),
            (#"{"type":"mathematical_expression","expression":"U = RI"}"#, "U = RI"),
            (#"{"type":"details","summary":"s","blocks":[{"type":"paragraph","text":"in"}]}"#, "s\nin"),
            (#"{"type":"blockquote","blocks":[{"type":"paragraph","text":"q"}],"credit":"Ada"}"#, "q\nAda"),
            (
                #"{"type":"table","cells":[[{"text":"V"},{"text":"400"}],[{},{"text":"A"}]],"caption":["c",{"type":"bold","text":"d"}]}"#,
                "V 400\nA\ncd"
            ),
            (
                #"{"type":"list","items":[{"label":"-","blocks":[{"type":"paragraph","text":"a"}]},7,{"label":"-"}]}"#,
                "- a"
            ),
            (#"{"type":"block_of_tomorrow","text":"t"},5,{"type":"paragraph","text":{"type":"x","text":"u"}}"#, "t\nu"),
            (#"{"type":"table","cells":[],"caption":"c"}"#, "c"),
            (
                #"""
                {"type":"list","items":[{"label":"-","has_checkbox":true,"is_checked":true,"blocks":[{"text":"a"}]},
                {"label":"-","has_checkbox":true,"blocks":[{"text":"b"}]}]}
                """#, "☑ a\n☐ b"
            ),
            (#"{"type":"divider"}"#, nil), (#""#, nil),
        ] as [(String, String?)])
    func `Formatted blocks: read as the text that they show`(_ blocks: String, _ text: String?) throws {
        let message = try message(#""rich_message":{"blocks":[\#(blocks)]}"#)
        #expect(message.text == text && message.contentKind == (text == nil ? .other : .text))
    }

    @Test(arguments: [
        (#"{"type":"pre","text":"/skip"}"#, "code"),
        (#"{"type":"paragraph","text":[{"type":"bold","text":{"type":"code","text":"/skip"}},"x"]}"#, "code"),
        (#"{"type":"blockquote","blocks":[{"type":"pre","text":"/skip"}]}"#, "code"),
        (#"{"type":"paragraph","text":["/skip ",{"type":"code","text":"x"}]}"#, nil),
    ])
    func `A text that begins with code: marked as such`(_ block: String, _ mark: String?) throws {
        let message = try message(#""rich_message":{"blocks":[\#(block)]}"#)
        #expect(message.entities?.first?.type == mark && message.text?.hasPrefix("/skip") == true)
    }

    @Test func `Formatted blocks with a photo: a photo with a caption`() throws {
        let photo = #"{"type":"photo","photo":[{"file_id":"p","width":1,"height":1}],"caption":{"text":"c"}}"#
        let message = try message(
            #""rich_message":{"blocks":[{"type":"paragraph","text":"a"},{"type":"collage","blocks":[\#(photo)]}]}"#)
        #expect(message.contentKind == .photo && message.photo.map(\.fileID) == ["p"])
        #expect(message.text == nil && message.caption == "a\nc")
    }

    /// Deeper than Telegram nests them. Each level takes room on the decoder's stack.
    @Test(arguments: [16, 100, 150], [#"{"type":"blockquote","blocks":["#, #"{"text":["#, #"{"caption":{"items":["#])
    func `Blocks nested deep: read as far as is certain, without a crash`(
        _ depth: Int, _ opening: String
    ) async throws {
        let open = String(repeating: opening, count: depth)
        let closing = opening.compactMap { ["{": "}", "[": "]"][$0] }.reversed().joined()
        let close = String(repeating: closing, count: depth)
        let json = #""rich_message":{"blocks":[{"text":"a"},\#(open){"text":"b"}\#(close)]}"#
        // Like the gateway, on a thread of the cooperative pool.
        let text = try await Task.detached { try message(json).text }.value
        #expect(text == (depth == 16 ? "a\nb" : "a"))
    }

    @Test func `The IDs of a migration: kept`() throws {
        #expect(try message(#""migrate_to_chat_id":-1001"#).migrateToChatID == -1001)
        #expect(try message(#""migrate_from_chat_id":-7"#).migrateFromChatID == -7)
    }

    @Test(arguments: 0..<200 as Range<UInt64>)
    func `Random updates: neither stop a list nor crash`(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        func value(_ depth: Int) -> String {
            switch Int.random(in: 0..<(depth > 4 ? 5 : 8), using: &random) {
            case 0: return "null"
            case 1:
                return ["true", "-1", "0", "1e400", "9223372036854775807", "1.5", "99999999999999999999"].randomElement(
                    using: &random) ?? "0"
            case 2: return #""x""#
            case 3: return "[]"
            case 4: return "{}"
            case 5: return "[\(value(depth + 1)),\(value(depth + 1))]"
            default:
                let names = [
                    "message_id", "chat", "id", "type", "from", "date", "text", "photo", "data", "message",
                    "reply_to_message",
                ]
                return "{"
                    + (0..<4).map { _ in "\"\(names.randomElement(using: &random) ?? "")\":\(value(depth + 1))" }
                    .joined(separator: ",") + "}"
            }
        }
        let kinds = ["message", "edited_message", "callback_query", "my_chat_member", "poll"]
        let json = (0..<20).map {
            #"{"update_id":\#($0),"\#(kinds.randomElement(using: &random) ?? "")":\#(value(0))}"#
        }
        // Foundation refuses a number beyond Double as JSON: then the whole response is malformed, and requested again.
        guard let list = try? updates("[\(json.joined(separator: ","))]") else {
            #expect(json.joined().contains("1e400"), "seed \(seed)")
            return
        }
        #expect(list.elements.map(\.id) == Array(0..<20), "seed \(seed)")
    }
}
