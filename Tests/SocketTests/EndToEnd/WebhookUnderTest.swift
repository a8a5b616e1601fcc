import Foundation
import TelegramSimulator
import TestSupport

/// The webhook of the gateway under test, and the route by which Telegram reaches it.
struct WebhookUnderTest {
    static let url = "https://bot.example.org/rivet"
    static let secret = "Secret_of-the-test"

    let directory: TestDirectory
    /// The route to the gateway's own socket or to a proxy.
    var route: WebhookRoute

    init() throws {
        directory = try TestDirectory()
        route = .unixSocket(Self.socketPath(in: directory))
    }

    static func socketPath(in directory: TestDirectory) -> String { directory.path + "/run/webhook.sock" }

    var environment: [String: String] { ["RIVET_WEBHOOK_URL": Self.url, "RIVET_WEBHOOK_SECRET": Self.secret] }

    /// The status of the response to a request that curl sends to the gateway's own socket.
    ///
    /// - Parameter arguments: more arguments of curl, besides those for the destination.
    func status(_ arguments: String..., path: String = "/rivet") throws -> String {
        let log = directory.path + "/curl.log"
        try directory.write("", to: "curl.log")
        let all = [
            "--silent", "--show-error", "--max-time", "20", "--output", "/dev/null", "--write-out", "%{http_code}",
            "--unix-socket", Self.socketPath(in: directory),
        ]
        try ChildProcess(
            "/usr/bin/curl", arguments: all + arguments + ["http://bot.example.org\(path)"], environment: [:], log: log
        ).wait()
        return try String(contentsOfFile: log, encoding: .utf8)
    }
}
