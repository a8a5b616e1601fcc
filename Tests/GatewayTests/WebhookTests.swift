import ServiceKit
import TelegramBotAPI
import Testing

@testable import Gateway

@Suite struct WebhookSettingsTests {
    private static let url = "https://bot.example.org/rivet/telegram"
    private static let secret = "aZ09_-aZ09_-"

    private func settings(_ variables: [String: String]) throws(ConfigurationError) -> WebhookSettings? {
        try WebhookSettings(Settings(variables: ["RIVET_RUNTIME_DIR": "/run/x"].merging(variables) { $1 }))
    }

    private func refusal(_ variables: [String: String]) -> ConfigurationError? {
        do throws(ConfigurationError) {
            _ = try settings(variables)
            return nil
        } catch { return error }
    }

    @Test func `No webhook address: updates are polled`() throws {
        #expect(try settings([:]) == nil)
        #expect(try settings(["RIVET_WEBHOOK_SECRET": Self.secret]) == nil)
    }

    @Test func `An address and a secret: the socket is in the runtime directory`() throws {
        let found = try #require(
            try settings(["RIVET_WEBHOOK_URL": Self.url, "RIVET_WEBHOOK_SECRET": Self.secret]))
        #expect(found.url.text == Self.url && found.url.path == "/rivet/telegram")
        #expect(found.listener == .path("/run/x/webhook.sock"))
        #expect("\(found.url)" == "https://bot.example.org/…" && "\(found.secret)" == "<secret>")
        let bare = try settings(["RIVET_WEBHOOK_URL": "https://a:8443", "RIVET_WEBHOOK_SECRET": Self.secret])
        #expect(bare?.url.path == "/")
    }

    @Test func `An address without a secret: refused with the name of the variable`() {
        #expect(refusal(["RIVET_WEBHOOK_URL": Self.url])?.name == "RIVET_WEBHOOK_SECRET")
    }

    @Test(arguments: [
        "http://bot.example.org/x", "bot.other.example", "https:///hidden", "https://u:p@host/x", "https://host/x?a=b",
        "https://host/x#y", "https://host:0/x", "https://host/bot1:abc/x",
    ])
    func `A malformed address: refused without repeating it`(_ text: String) throws {
        let error = try #require(refusal(["RIVET_WEBHOOK_URL": text, "RIVET_WEBHOOK_SECRET": Self.secret]))
        #expect(error.name == "RIVET_WEBHOOK_URL" && !error.description.contains(text))
    }

    @Test(arguments: ["ä", "a b", "a/b", "a=", String(repeating: "x", count: 257)])
    func `A secret that Telegram would not accept: refused without repeating it`(_ text: String) throws {
        let error = try #require(refusal(["RIVET_WEBHOOK_URL": Self.url, "RIVET_WEBHOOK_SECRET": text]))
        #expect(error.name == "RIVET_WEBHOOK_SECRET" && !error.description.contains(text))
    }

    @Test func `A place to listen: a path, or an address of the loopback network`() throws {
        #expect(try WebhookListener("/run/x.sock") == .path("/run/x.sock"))
        #expect(try WebhookListener("127.0.0.1:8080") == .loopback(host: "127.0.0.1", port: 8080))
        #expect(try WebhookListener("127.9.0.1:1") == .loopback(host: "127.9.0.1", port: 1))
        #expect(try WebhookListener("localhost:65535") == .loopback(host: "127.0.0.1", port: 65_535))
        #expect(try WebhookListener("[::1]:8080") == .loopback(host: "::1", port: 8080))
    }

    @Test(arguments: [
        ("0.0.0.0:8080", WebhookListener.Malformed.notLoopback), ("[::]:8080", .notLoopback), (":8080", .notLoopback),
        ("192.168.1.5:80", .notLoopback), ("127.0.0.1.evil.example:80", .notLoopback), ("1270.0.1:80", .notLoopback),
        ("127.0.0.256:80", .notLoopback), ("127.0.0.1:0", .port), ("127.0.0.1:65536", .port), ("127.0.0.1:+80", .port),
        ("127.0.0.1:", .port), ("8080", .form), ("webhook.sock", .form), ("/run/a:b", .path), ("/run/a\nb", .path),
    ])
    func `A place that other machines could reach, or a malformed one: refused`(
        _ text: String, _ malformed: WebhookListener.Malformed
    ) {
        #expect(throws: malformed) { try WebhookListener(text) }
        #expect(refusal(["RIVET_WEBHOOK_LISTEN": text])?.name == "RIVET_WEBHOOK_LISTEN")
    }
}

@Suite struct WebhookGateTests {
    private static let secret = "abcDEF_-019"

    private func refusal(
        method: String = "POST", target: String = "/hook", secrets: [String] = [secret], bodyBytes: Int? = 100
    ) throws -> WebhookAnswer? {
        WebhookGate(path: "/hook", secret: try WebhookSecret(Self.secret))
            .refusal(method: method, target: target, secrets: secrets, bodyBytes: bodyBytes)
    }

    @Test func `A request with the right path, method and secret: accepted`() throws {
        #expect(try refusal() == nil)
        #expect(try refusal(target: "/hook?x=1") == nil)
        #expect(try refusal(bodyBytes: nil) == nil)
        #expect(try refusal(bodyBytes: WebhookLimits.bodyBytesMax) == nil)
    }

    @Test func `Any other request: refused, with the status that says why`() throws {
        for target in ["/", "/hook/", "/hoo", "/hookx", "", "?/hook"] {
            #expect(try refusal(target: target) == .unknownPath)
        }
        for method in ["GET", "PUT", "post"] { #expect(try refusal(method: method) == .unknownMethod) }
        #expect(try refusal(bodyBytes: WebhookLimits.bodyBytesMax + 1) == .tooLarge)
        for secrets in [[], ["x"], [Self.secret, Self.secret]] { #expect(try refusal(secrets: secrets) == .noSecret) }
    }

    @Test func `Every secret that differs, in length or in one letter: refused`() throws {
        let secret = try WebhookSecret(Self.secret)
        #expect(secret.matches(Self.secret))
        let bytes = Array(Self.secret.utf8)
        for index in bytes.indices {
            var other = bytes
            other[index] ^= 1
            #expect(!secret.matches(String(decoding: other, as: UTF8.self)))
            #expect(!secret.matches(String(decoding: bytes[..<index], as: UTF8.self)))
        }
        #expect(!secret.matches(Self.secret + Self.secret) && !secret.matches(Self.secret + "a"))
        #expect(!secret.matches(""))
    }
}

@Suite struct WebhookLedgerTests {
    private func ledger(unsettledMax: Int = 3, settledRememberedMax: Int = 2) -> WebhookLedger<String> {
        WebhookLedger(unsettledMax: unsettledMax, settledRememberedMax: settledRememberedMax)
    }

    @Test func `An update: handed over once, and every request for it waits until it is settled`() {
        var ledger = ledger()
        #expect(ledger.requestReceived(1, for: 7, "a") == .handOver)
        #expect(ledger.requestReceived(2, for: 7, "b") == .wait)
        #expect(ledger.waitingCount == 2 && ledger.unsettledCount == 1)
        #expect(Set(ledger.settled(7)) == ["a", "b"])
        #expect(ledger.waitingCount == 0 && ledger.unsettledCount == 0)
        #expect(ledger.settled(7) == [])
        #expect(ledger.requestReceived(3, for: 7, "c") == .answerSettled)
    }

    @Test func `A request that ends: its update stays in progress, and the next request waits for it`() {
        var ledger = ledger()
        _ = ledger.requestReceived(1, for: 7, "a")
        ledger.requestEnded(1, for: 7)
        #expect(ledger.waitingCount == 0 && ledger.unsettledCount == 1)
        #expect(ledger.requestReceived(2, for: 7, "b") == .wait)
        #expect(ledger.settled(7) == ["b"])
    }

    @Test func `An update that an earlier process parked: acknowledged without being handed over`() {
        var ledger = ledger()
        #expect(ledger.settled(7) == [])
        #expect(ledger.requestReceived(1, for: 7, "a") == .answerSettled)
    }

    @Test func `Too many updates in progress: new ones refused, requests for known ones wait`() {
        var ledger = ledger()
        for id in 1...3 as ClosedRange<Int64> {
            #expect(ledger.requestReceived(Int(id), for: id, "\(id)") == .handOver)
        }
        #expect(ledger.isFull)
        #expect(ledger.requestReceived(4, for: 4, "4") == .refuse)
        #expect(ledger.requestReceived(5, for: 3, "5") == .wait)
        _ = ledger.settled(1)
        #expect(ledger.requestReceived(6, for: 4, "6") == .handOver)
    }

    @Test func `A stopped ledger: accepts no new update, acknowledges settled ones, gives up the rest`() {
        var ledger = ledger()
        _ = ledger.requestReceived(1, for: 7, "a")
        _ = ledger.requestReceived(2, for: 8, "b")
        ledger.stopped()
        #expect(ledger.requestReceived(3, for: 7, "c") == .refuse)
        #expect(ledger.requestReceived(4, for: 9, "d") == .refuse)
        #expect(ledger.settled(7) == ["a"])
        #expect(ledger.requestReceived(5, for: 7, "e") == .answerSettled)
        #expect(ledger.gaveUp() == ["b"])
        #expect(ledger.waitingCount == 0)
    }

    @Test func `Settled ids: remembered up to a bound`() {
        var ledger = ledger()
        for id in 1...3 { _ = ledger.settled(Int64(id)) }
        #expect(ledger.requestReceived(1, for: 1, "a") == .handOver)
        #expect(ledger.requestReceived(2, for: 3, "b") == .answerSettled)
    }
}

@Suite struct WebhookPlanTests {
    private static let url = "https://bot.example.org/hook"
    private let kinds = UpdateKindName.allCases.map(\.rawValue)

    private func plan() throws -> WebhookPlan { WebhookPlan(url: try WebhookURL(Self.url)) }

    private func info(
        url: String = url, pending: Int = 0, kinds: [String]? = nil, connections: Int? = 100, failedAt: Int64? = nil,
        _ message: String = "Read timeout expired"
    ) throws -> WebhookInfo {
        let allowed = (kinds ?? self.kinds).map { "\"\($0)\"" }.joined(separator: ",")
        var text = #"{"url":"\#(url)","pending_update_count":\#(pending),"allowed_updates":[\#(allowed)]"#
        if let connections { text += #","max_connections":\#(connections)"# }
        if let failedAt { text += #","last_error_date":\#(failedAt),"last_error_message":"\#(message)""# }
        return try WebhookInfo(json: text + "}")
    }

    @Test func `The webhook as it should be: not set again`() throws {
        #expect(try plan().action(for: info(), openCount: 0) == .deliver(isAll: true))
        #expect(try plan().action(for: info(pending: 2), openCount: 2) == .deliver(isAll: true))
        #expect(try plan().action(for: info(pending: 3), openCount: 2) == .deliver(isAll: false))
        let shuffled = Array(kinds.reversed())
        #expect(try plan().action(for: info(kinds: shuffled), openCount: 0) == .deliver(isAll: true))
    }

    @Test func `Another address, none, or other options: the webhook is set, with the reason`() throws {
        #expect(try plan().action(for: info(url: ""), openCount: 0) == .set(.unset))
        let foreign = "https://other.example:8443/bot1:token"
        let action = try plan().action(for: info(url: foreign), openCount: 0)
        #expect(action == .set(.foreign(WebhookAddress(url: foreign))))
        #expect("\(WebhookAddress(url: foreign))" == "https://other.example:8443/…")
        #expect(try plan().action(for: info(url: Self.url + "2"), openCount: 0) != .deliver(isAll: true))
        #expect(try plan().action(for: info(kinds: ["message"]), openCount: 0) == .set(.different))
        #expect(try plan().action(for: info(connections: 40), openCount: 0) == .set(.different))
        #expect(try plan().action(for: info(connections: nil), openCount: 0) == .set(.different))
    }

    @Test func `A failed delivery: reported while an update waits, unless Telegram came since`() throws {
        var plan = try plan()
        let failed = try info(pending: 1, failedAt: 100)
        #expect(plan.action(for: failed, openCount: 0) == .undelivered(reason: "Read timeout expired"))
        #expect(try plan.action(for: info(failedAt: 100), openCount: 0) == .deliver(isAll: true))
        plan.heardAt = 101
        #expect(plan.action(for: failed, openCount: 0) == .deliver(isAll: false))
    }

    @Test func `A changed secret: set at Telegram once, until Telegram comes with it`() throws {
        var plan = try plan()
        plan.setAt = 90
        let refused = try info(pending: 1, failedAt: 100, "Wrong response from the webhook: 401 Unauthorized")
        #expect(plan.action(for: refused, openCount: 0) == .set(.secretRefused))
        plan.isSecretTold = true
        #expect(
            plan.action(for: refused, openCount: 0) == .undelivered(reason: "it was answered with status 401"))
        plan.setAt = 101
        plan.isSecretTold = false
        #expect(plan.action(for: refused, openCount: 0) == .deliver(isAll: false))
    }

    @Test func `The words of a server: not passed on`() throws {
        let said = try info(pending: 1, failedAt: 100, "see https://host/bot1:secret")
        #expect(try plan().action(for: said, openCount: 0) == .undelivered(reason: "in words that Rivet does not know"))
        #expect("\(WebhookAddress(url: "https://u:p@host/x"))" == "https://host/…")
        #expect("\(WebhookAddress(url: "https://a b/x"))" == "https://?/…")
    }
}

@Suite struct WebhookUpdateTests {
    @Test func `A body with an update: read like one of a poll`() throws {
        let body = #" {"update_id": 7, "message": {"message_id": 1}, "x": [1, {"y": "}"}]} "#
        let received = try #require(ReceivedUpdate(webhookBody: Array(body.utf8)))
        #expect(received.id == 7 && received.json == body.trimmed)
        guard case .unreadable(let unreadable) = received.update.kind else {
            Issue.record("\(received.update.kind)")
            return
        }
        #expect(unreadable.kind == "message" && unreadable.byteCount == body.trimmed.utf8.count)
    }

    @Test(arguments: ["", "{", "[]", "7", "{}", #"{"message": {}}"#, #"{"update_id": "x"}"#, #"[{"update_id": 7}]"#])
    func `A body without an update: read as nothing`(_ body: String) {
        #expect(ReceivedUpdate(webhookBody: Array(body.utf8)) == nil)
    }
}
