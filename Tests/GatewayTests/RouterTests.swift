import Contracts
import Dialogue
import ServiceKit
import TelegramBotAPI
import Testing

@testable import Gateway

@Suite struct RouterTests {
    private let ann = User(id: 7)
    private let group = Chat(id: -100, kind: .supergroup)

    private func message(
        _ text: String?, chat: Chat = Chat(id: 7), kind: ContentKind = .text, threadID: Int64? = nil,
        isTopicMessage: Bool = false, from: User? = User(id: 7), photo: [PhotoSize] = [], document: Document? = nil
    ) -> Update {
        Update(
            id: 1,
            kind: .message(
                Message(
                    id: 5, threadID: threadID, isTopicMessage: isTopicMessage, from: from, chat: chat, text: text,
                    photo: photo, document: document, contentKind: kind)))
    }

    private func route(_ update: Update, allowed: Set<Int64> = [], bot: String? = "Rivet_Bot") -> Router.Route {
        Router(allowedUsers: allowed.isEmpty ? .everyone : AllowedUsers(.only(allowed)), botName: bot).route(update)
    }

    private func request(_ update: Update, allowed: Set<Int64> = [], bot: String? = "Rivet_Bot") -> Turn.Request? {
        guard case .turn(let turn) = route(update, allowed: allowed, bot: bot) else { return nil }
        return turn.request
    }

    @Test(arguments: [
        ("/addmachine", Turn.Request.conversation(.addMachine)), ("/AddMachine", .conversation(.addMachine)),
        ("/start payload", .conversation(.help)), ("/help@rivet_bot", .conversation(.help)),
        ("/skip", .conversation(.skip)),
        ("/cancel", .conversation(.cancel)), ("/nonsense", .conversation(.unknownCommand("/nonsense"))),
        ("/", .conversation(.text("/"))),
        ("/library", .library(LibraryQuery(words: ""))), ("/version", .say(.about(.version(rivetVersion)))),
        ("/library@Rivet_Bot  pump  hall ", .library(LibraryQuery(words: "pump  hall"))),
        ("pump", .conversation(.text("pump"))), (" /skip", .conversation(.text(" /skip"))),
    ])
    func `Text and commands: routed to their requests`(_ text: String, _ expected: Turn.Request) {
        #expect(request(message(text)) == expected)
    }

    @Test func `A command for another bot: ignored, unless the name of this bot is not known yet`() {
        #expect(route(message("/skip@other_bot", chat: group)) == .ignored)
        guard case .turn(let waiting) = route(message("/skip@Other_bot", chat: group), bot: nil),
            case .turn(let plain) = route(message("/skip", chat: group), bot: nil)
        else {
            Issue.record("no turns")
            return
        }
        #expect(waiting.request == .conversation(.skip) && waiting.namedBot == "other_bot" && plain.namedBot == nil)
        let router = Router(allowedUsers: .everyone, botName: "rivet_bot")
        #expect(
            router.namesAnotherBot(message("/skip@other_bot")) && !router.namesAnotherBot(message("/skip@Rivet_bot")))
        #expect(!router.namesAnotherBot(message("/skip")) && !router.namesAnotherBot(message("hello")))
    }

    /// Telegram gives a message that is no longer accessible the date 0.
    @Test(
        arguments: [
            (1_800_000_000, 1_800_000_000_000), (1, 1_000), (0, nil), (-1, nil), (.max, nil), (.min, nil),
            (1 << 40, Timestamp.range.upperBound),
        ] as [(Int64, Int64?)])
    func `The date of a message: the time of sending, or none if it is impossible`(
        _ date: Int64, _ milliseconds: Int64?
    ) throws {
        let message = Message(id: 5, from: ann, chat: Chat(id: 7), date: date, text: "x")
        guard case .turn(let turn) = route(Update(id: 1, kind: .message(message))) else {
            Issue.record("the message was not taken")
            return
        }
        #expect(turn.sentAt == milliseconds.map(Timestamp.init(milliseconds:)))
    }

    /// Telegram keeps updates for a day.
    @Test func `A date of more than a week before the receipt: ignored`() {
        let sentAt = Timestamp(milliseconds: 1_800_000_000_000)
        var turn = Turn(
            updateID: 1, lane: LaneKey(userID: 7, chatID: 7), isGroup: false, request: .conversation(.skip),
            sentAt: sentAt)
        #expect(turn.judgedAt == sentAt)
        for (days, judgedAt) in [(-400, sentAt), (0, sentAt), (7, sentAt), (8, nil)] {
            turn.receivedAt = sentAt.advanced(by: .seconds(days * 86_400))
            #expect(turn.judgedAt == judgedAt, "\(days)")
        }
        turn.sentAt = nil
        #expect(turn.judgedAt == nil)
    }

    @Test func `A topic: part of the lane, unlike a chain of replies`() {
        func lane(_ update: Update) -> LaneKey? {
            guard case .turn(let turn) = route(update) else { return nil }
            return turn.lane
        }
        #expect(lane(message("/addmachine", chat: group, threadID: 9, isTopicMessage: true))?.chat == "-100:9")
        #expect(lane(message("/addmachine", chat: group, threadID: 9))?.chat == "-100")
        #expect(lane(message("x"))?.user == "7")
    }

    @Test func `An update that is not a message of a person to the bot: ignored`() {
        #expect(route(message("x", from: nil)) == .ignored)
        #expect(route(message("x", from: User(id: 8, isBot: true))) == .ignored)
        #expect(route(message("x", chat: Chat(id: -5, kind: .channel))) == .ignored)
        #expect(route(message(nil, kind: .service)) == .ignored)
        #expect(route(message(nil, kind: .migration)) == .ignored)
        #expect(route(Update(id: 1, kind: .unknown)) == .ignored)
        let edited = Message(id: 5, from: ann, chat: Chat(id: 7), text: "x")
        #expect(route(Update(id: 1, kind: .editedMessage(edited))) == .ignored)
        let change = ChatMemberUpdated(chat: Chat(id: 7), from: ann, newStatus: .kicked)
        #expect(route(Update(id: 1, kind: .myChatMember(change))) == .ignored)
    }

    @Test func `A photo: used in its largest size, and an image sent as a file counts as one`() {
        let sizes = [("s", 90), ("l", 1280), ("m", 320)].map {
            PhotoSize(fileID: $0.0, width: Int64($0.1), height: Int64($0.1))
        }
        #expect(request(message(nil, kind: .photo, photo: sizes)) == .photo(fileID: "l", caption: nil))
        let image = Document(fileID: "d", mimeType: "image/png")
        #expect(request(message(nil, kind: .document, document: image)) == .photo(fileID: "d", caption: nil))
        let sheet = Document(fileID: "d", mimeType: "application/pdf")
        #expect(request(message(nil, kind: .document, document: sheet)) == .conversation(.other(.file)))
        #expect(request(message(nil, kind: .voice)) == .conversation(.other(.voice)))
    }

    private func captioned(_ caption: String) -> Turn.Request? {
        request(
            Update(
                id: 1,
                kind: .message(
                    Message(
                        id: 5, from: ann, chat: Chat(id: 7), caption: caption, photo: [PhotoSize(fileID: "p")],
                        contentKind: .photo))))
    }

    @Test func `A caption: a command works as a command, any other text goes with the photo`() {
        #expect(captioned("Main pump") == .photo(fileID: "p", caption: .answer("Main pump")))
        #expect(captioned(" \n") == .photo(fileID: "p", caption: nil))
        #expect(captioned("/cancel") == .photo(fileID: "p", caption: .cancel))
        #expect(captioned("/addmachine Pump 3") == .photo(fileID: "p", caption: .begin(Draft(), nickname: "Pump 3")))
        #expect(captioned("/library") == .library(LibraryQuery(words: "")))
        guard
            case .turn(let turn) = route(
                Update(
                    id: 1,
                    kind: .message(
                        Message(
                            id: 5, from: ann, chat: Chat(id: 7), caption: "/library", photo: [PhotoSize(fileID: "p")],
                            contentKind: .photo))))
        else {
            Issue.record("no turn")
            return
        }
        #expect(turn.photoFileID == "p")
        #expect(captioned("/A-103") == .photo(fileID: "p", caption: .unknownCommand("/A-103")))
        #expect(captioned("/07/2291") == .photo(fileID: "p", caption: .answer("/07/2291")))
        // The photo is the person's, whatever the caption is for.
        #expect(captioned("/skip@other_bot") == .photo(fileID: "p", caption: nil))
    }

    @Test func `Words behind a command: a nickname, or a question`() {
        #expect(request(message("/addmachine Pump 3")) == .conversation(.begin(Draft(), nickname: "Pump 3")))
        #expect(request(message("/skip 2")) == .conversation(.commandWithWords(.skip, "2")))
        #expect(
            request(message("/cancel the old contract"))
                == .conversation(.commandWithWords(.cancel, "the old contract")))
        #expect(request(message("/skip.")) == .conversation(.skip))
        #expect(request(message("/07/2291")) == .conversation(.answer("/07/2291")))
    }

    @Test func `The bot's own name at the beginning: left out`() {
        #expect(request(message("@rivet_bot Pump 7", chat: group)) == .conversation(.answer("Pump 7")))
        #expect(request(message("@Rivet_Bot, Pump 7", chat: group)) == .conversation(.answer("Pump 7")))
        #expect(request(message("@rivet_bots Pump")) == .conversation(.answer("@rivet_bots Pump")))
    }

    @Test func `A file: a photo by its type or its name, and otherwise none`() {
        func file(_ type: String?, _ name: String?) -> Turn.Request? {
            request(message(nil, kind: .document, document: Document(fileID: "d", mimeType: type, fileName: name)))
        }
        for (type, name) in [
            ("image/jpeg", nil), ("image/heic", "x"), (nil, "IMG_1.JPG"), ("application/octet-stream", "a.webp"),
            ("image/pjpeg", "a.jpg"),
        ] {
            #expect(file(type, name) == .photo(fileID: "d", caption: nil), "\(type ?? "") \(name ?? "")")
        }
        for (type, name) in [
            ("image/vnd.dwg", "plan.dwg"), ("image/svg+xml", "a.svg"), ("image/x-icon", "a.ico"),
            ("application/pdf", "a.pdf"), (nil, nil), (nil, "jpg"),
        ] {
            #expect(file(type, name) == .conversation(.other(.file)), "\(type ?? "") \(name ?? "")")
        }
    }

    @Test func `Places, service messages, channel posts: an answer, silence, silence`() {
        func of(_ kind: ContentKind, place: MapPlace? = nil, isAutomaticForward: Bool = false) -> Router.Route {
            route(
                Update(
                    id: 1,
                    kind: .message(
                        Message(
                            id: 5, from: ann, chat: Chat(id: 7), isAutomaticForward: isAutomaticForward, place: place,
                            contentKind: kind))))
        }
        guard case .turn(let pin) = of(.location, place: MapPlace(latitude: 48.1371540001, longitude: -11.5)),
            case .turn(let venue) = of(
                .venue, place: MapPlace(latitude: 1, longitude: 2, title: "Hall 3", address: "Dock Road"))
        else {
            Issue.record("no turn")
            return
        }
        #expect(pin.request == .conversation(.place("48.137154,-11.5 https://maps.google.com/?q=48.137154,-11.5")))
        #expect(venue.request == .conversation(.place("Hall 3, Dock Road")))
        for (latitude, longitude, text) in [(0.00005, -0.0000001, "0.00005,0"), (-0.5, 179.9999999, "-0.5,180")] {
            guard case .turn(let turn) = of(.location, place: MapPlace(latitude: latitude, longitude: longitude)) else {
                continue
            }
            #expect(turn.request == .conversation(.place("\(text) https://maps.google.com/?q=\(text)")))
        }
        for (latitude, longitude) in [(91.0, 0.0), (0.0, .infinity), (.nan, 0.0), (0.0, -180.1)] {
            guard case .turn(let turn) = of(.location, place: MapPlace(latitude: latitude, longitude: longitude)) else {
                continue
            }
            #expect(turn.request == .conversation(.other(.location)))
        }
        #expect(of(.service) == .ignored && of(.migration) == .ignored)
        #expect(of(.sticker, isAutomaticForward: true) == .ignored)
    }

    private func inGroup(_ text: String, replyTo author: User? = nil) -> Turn? {
        let answered = author.map { Message(id: 4, from: $0, chat: group, text: "?") }
        let message = Message(id: 5, from: ann, chat: group, text: text, replyTo: answered)
        guard case .turn(let turn) = route(Update(id: 1, kind: .message(message))) else { return nil }
        return turn
    }

    @Test func `A text in a group: the bot's only if it is addressed to the bot`() {
        let bot = User(id: 999, isBot: true, username: "rivet_bot")
        #expect(inGroup("hello") == nil && inGroup("/roll") == nil)
        #expect(inGroup("hello", replyTo: User(id: 8)) == nil)
        #expect(inGroup("hello", replyTo: User(id: 998, isBot: true, username: "other_bot")) == nil)
        // A reply may be to another person's question: without an open entry it gets no reply.
        #expect(inGroup("Pump", replyTo: bot)?.request == .conversation(.answer("Pump")))
        #expect(inGroup("Pump", replyTo: bot)?.isOverheard == true)
        #expect(inGroup("/A-103", replyTo: bot)?.request == .conversation(.unknownCommand("/A-103")))
        #expect(inGroup("/addmachine")?.isOverheard == false && inGroup("/roll@rivet_bot")?.isOverheard == false)
        #expect(inGroup("@rivet_bot Pump")?.request == .conversation(.answer("Pump")))
        #expect(inGroup("@rivet_bot Pump")?.isOverheard == false)
    }

    @Test func `The bot: recognized by its id or by its name`() {
        func isAnswer(_ author: User, name: String?, id: Int64?) -> Bool {
            let message = Message(
                id: 5, from: ann, chat: group, text: "Pump", replyTo: Message(id: 4, from: author, chat: group))
            let router = Router(allowedUsers: .everyone, botName: name, botID: id)
            return router.route(Update(id: 1, kind: .message(message))) != .ignored
        }
        #expect(isAnswer(User(id: 999, isBot: true), name: nil, id: 999))
        #expect(isAnswer(User(id: 1, isBot: true, username: "Rivet_Bot"), name: "rivet_bot", id: 999))
        #expect(!isAnswer(User(id: 999), name: "rivet_bot", id: 999))
        #expect(!isAnswer(User(id: 1, isBot: true), name: nil, id: nil))
    }

    @Test func `A photo in a group: the bot's only if it is addressed to the bot`() {
        func route(_ caption: String?, replyTo author: User? = nil) -> Router.Route {
            self.route(
                Update(
                    id: 1,
                    kind: .message(
                        Message(
                            id: 5, from: ann, chat: group, caption: caption, photo: [PhotoSize(fileID: "p")],
                            contentKind: .photo, replyTo: author.map { Message(id: 4, from: $0, chat: group) }))))
        }
        #expect(route(nil) == .ignored && route("our new pump") == .ignored)
        for (caption, author) in [
            (nil, User(id: 999, isBot: true, username: "rivet_bot")), ("@rivet_bot Pump", nil), ("/addmachine", nil),
        ] {
            guard case .turn(let turn) = route(caption, replyTo: author) else {
                Issue.record("\(caption ?? "none")")
                continue
            }
            #expect(!turn.isOverheard)
        }
    }

    @Test func `A person who writes as a group or a channel: told why that cannot work, for a command only`() {
        func update(_ text: String) -> Update {
            let bot = User(id: 1_087_968_824, isBot: true, username: "GroupAnonymousBot")
            return Update(
                id: 1, kind: .message(Message(id: 5, from: bot, chat: group, text: text, senderChat: group)))
        }
        func anonymous(_ text: String) -> Turn.Request? { request(update(text)) }
        #expect(anonymous("/addmachine") == .say(.trouble(.anonymous)))
        #expect(anonymous("/addmachine@rivet_bot") == .say(.trouble(.anonymous)))
        #expect(anonymous("/addmachine@other_bot") == nil)
        guard case .turn(let waiting) = route(update("/addmachine@other_bot"), bot: nil) else {
            Issue.record("no turn")
            return
        }
        #expect(waiting.namedBot == "other_bot")
        #expect(anonymous("hello") == nil && anonymous("/roll") == nil)
    }

    @Test func `A person who is not let in: refused in the private chat, ignored in a group`() {
        #expect(request(message("hello"), allowed: [8]) == .refusal)
        #expect(route(message("/addmachine", chat: group), allowed: [8]) == .ignored)
        #expect(route(message("/addmachine@rivet_bot", chat: group), allowed: [8]) == .ignored)
        #expect(route(message("hello", chat: group), allowed: [8]) == .ignored)
        let photo = [PhotoSize(fileID: "p", width: 1, height: 1)]
        #expect(route(message(nil, chat: group, kind: .photo, photo: photo), allowed: [8]) == .ignored)
        #expect(request(message("hello"), allowed: [7]) == .conversation(.text("hello")))
        #expect(request(tap("save_to_library"), allowed: [8]) == .nothing)
    }

    @Test func `A listed group: lets in all people who write or tap there, and only there`() {
        #expect(request(message("/addmachine", chat: group), allowed: [-100]) == .conversation(.addMachine))
        #expect(request(tap("lib:3"), allowed: [-100]) == .library(LibraryQuery(words: "", page: 3)))
        #expect(request(message("/addmachine"), allowed: [-100]) == .refusal)
        #expect(route(message("/addmachine", chat: Chat(id: -200, kind: .group)), allowed: [-100]) == .ignored)
    }

    private func tap(_ data: String?, replyTo: Message? = nil, isInaccessible: Bool = false) -> Update {
        let origin: CallbackQuery.Origin =
            isInaccessible
            ? .inaccessible(InaccessibleMessage(id: 6, chat: group))
            : .message(Message(id: 6, threadID: 3, isTopicMessage: true, chat: group, replyTo: replyTo))
        return Update(id: 2, kind: .callbackQuery(CallbackQuery(id: "q", from: ann, message: origin, data: data)))
    }

    @Test func `A tap: routed by its data`() {
        let photo = Message(
            id: 4, from: ann, chat: group, photo: [PhotoSize(fileID: "p", width: 1, height: 1)], contentKind: .photo)
        #expect(
            request(tap("save_to_library", replyTo: photo)) == .saveTapped(photoMessageID: 4, photoFileID: "p"))
        #expect(
            request(tap("save_to_library", isInaccessible: true))
                == .saveTapped(photoMessageID: nil, photoFileID: nil))
        #expect(request(tap("lib:3")) == .library(LibraryQuery(words: "", page: 3)))
        #expect(request(tap("skip:model:abc")) == .conversation(.button(data: "skip:model:abc")))
        #expect(request(tap(nil)) == .nothing)
        guard case .turn(let turn) = route(tap("x:y")) else { return #expect(Bool(false)) }
        #expect(turn.lane == LaneKey(userID: 7, chatID: -100, topicID: 3))
        #expect(turn.tap == Turn.Tap(queryID: "q", messageID: 6))
    }

    @Test func `A supergroup: its lanes are those of the group that it was, its messages are its own`() {
        var router = Router(allowedUsers: .everyone, botName: "Rivet_Bot")
        router.groups.migrated(-5, to: -100)
        let lane = LaneKey(userID: 7, chatID: -5)
        for update in [message("/addmachine", chat: group), message("/addmachine", chat: Chat(id: -5, kind: .group))] {
            guard case .turn(let turn) = router.route(update) else { return #expect(Bool(false)) }
            #expect(turn.lane == lane)
        }
        guard case .turn(let turn) = router.route(message("/addmachine", chat: group)),
            case .turn(let tap) = router.route(tap("skip:model:abc"))
        else { return #expect(Bool(false)) }
        #expect(turn.personsMessage == PersonsMessage(id: 5, supergroupID: -100) && turn.chatID == -100)
        #expect(tap.lane == LaneKey(userID: 7, chatID: -5, topicID: 3) && tap.chatID == -100)
        // Listed by either id.
        for listed in [-100, -5] as Set<Int64> {
            router.allowedUsers = AllowedUsers(.only([listed]))
            guard case .turn = router.route(message("/addmachine", chat: group)) else { return #expect(Bool(false)) }
        }
    }

    @Test func `A lane: found again from its conversation`() {
        for lane in [
            LaneKey(userID: 7, chatID: -100, topicID: 3), LaneKey(userID: 1, chatID: 1),
        ] {
            #expect(LaneKey(lane.conversation("outbox")) == lane)
        }
        #expect(LaneKey(.init(userID: "x", chatID: "1")) == nil)
        #expect(LaneKey(.init(userID: "1", chatID: "1:x")) == nil)
        #expect(LaneKey(.init(userID: "1", chatID: "1:2:3")) == nil)
    }
}
