import Contracts
import Foundation
import TestSupport
import Testing

/// A setting that cannot be parsed stops the process at start, with one line that says what is wrong.
@Suite(.serialized, .withProcesses)
struct SettingsTests {
    @Test func `A bad value: stops the process`() throws {
        let durations = [
            "", "5", "s", "-5s", "0s", "5 s", "1d", "1e3s", "0x5s", "1.2.3s", "nan", "999999999h", "30S",
        ]
        let cases: [(binary: RivetBinary, name: String, values: [String])] = [
            (.state, "RIVET_CONVERSATION_TTL", durations), (.state, "RIVET_SWEEP_INTERVAL", durations),
            (.state, "RIVET_MEMORY_LIMIT", ["64", "64MB", "64mib", "-1MiB", "0KiB", "x", "1e30GiB", "64 MiB"]),
            (.library, "RIVET_MEMORY_LIMIT", ["64", "1TiB"]),
            (.state, "RIVET_LOG_LEVEL", ["loud", "INFO"]), (.library, "RIVET_LOG_LEVEL", ["loud"]),
        ]
        for (binary, name, values) in cases {
            for value in values where !value.isEmpty {
                let service = try made(binary, [name: value])
                #expect(try service.launch().wait() == 78, "\(name)=\(value)")
                let lines = service.log.split(separator: "\n")
                #expect(lines.count == 1, "\(name)=\(value): \(lines)")
                let line = lines.first.map(String.init) ?? ""
                #expect(line.contains("\(name) has a value that is not accepted (not shown"), "\(line)")
                #expect(!FileManager.default.fileExists(atPath: service.databasePath), "\(name)=\(value)")
            }
        }
    }

    @Test func `A bad value: stops the gateway`() throws {
        let token = ["TELEGRAM_BOT_TOKEN": "1:unseen", "TELEGRAM_API_URL": "http://127.0.0.1:9"]
        for (name, value) in [
            ("TELEGRAM_API_URL", "127.0.0.1"), ("RIVET_SEND_LIMITS", "some"),
            ("RIVET_SEND_LIMITS", "None"), ("RIVET_ALLOWED_USERS", "ada"), ("RIVET_ALLOWED_USERS", "1;2"),
            ("RIVET_ALLOWED_USERS", "1,99999999999999999999"), ("RIVET_ALLOWED_USERS", "1.5"),
            ("RIVET_LOG_LEVEL", "loud"),
        ] {
            let service = try made(.gateway, token.merging([name: value]) { $1 })
            #expect(try service.launch().wait() == 78, "\(name)=\(value)")
            let lines = service.log.split(separator: "\n")
            #expect(
                lines.count == 1 && lines[0].contains(name) && lines[0].contains("accepted"), "\(lines)")
            #expect(!service.log.contains("unseen"))
        }
        // A value is never shown: no URL, no lines behind a word, and no word.
        for (name, value) in [
            ("TELEGRAM_API_URL", "ftp://hush"), ("TELEGRAM_API_URL", "http://user:hush@127.0.0.1:9"),
            ("TELEGRAM_API_URL", "http://127.0.0.1:9/bot1:hush"), ("RIVET_LOG_LEVEL", "info\nA=hush"),
            ("RIVET_LOG_LEVEL", "postgresql://u:hush@h/db"), ("TELEGRAM_BOT_TOKEN", "hush"),
            ("TELEGRAM_BOT_TOKEN", "1:x\n1:hush"), ("TELEGRAM_BOT_TOKEN", "bot1:hush"),
            ("TELEGRAM_BOT_TOKEN", "\"1:hush\""), ("TELEGRAM_BOT_TOKEN", "@hush"),
            ("RIVET_STATE_DIR", "postgresql://u:hush@h/db"), ("RIVET_RUNTIME_DIR", "run\nhush"),
            ("RIVET_STATE_DIR", "1:hush"), ("RIVET_LOG_LEVEL", "hush"), ("RIVET_ALLOWED_USERS", "hush"),
        ] {
            let service = try made(.gateway, token.merging([name: value]) { $1 })
            #expect(try service.launch().wait() == 78, "\(name)")
            let lines = service.log.split(separator: "\n")
            #expect(lines.count == 1 && lines[0].contains(name) && lines[0].contains("accepted"), "\(lines)")
            #expect(!service.log.contains("hush"), "\(lines)")
        }
        for none in [[:], ["TELEGRAM_BOT_TOKEN": ""]] {
            let service = try made(.gateway, none)
            #expect(try service.launch().wait() == 78)
            let lines = service.log.split(separator: "\n")
            #expect(lines.count == 1 && lines[0].contains("TELEGRAM_BOT_TOKEN"))
        }
    }

    @Test func `An empty variable: counts as not set`() throws {
        let service = try running(
            .state, ["RIVET_CONVERSATION_TTL": "", "RIVET_MEMORY_LIMIT": "", "RIVET_LOG_LEVEL": ""])
        #expect(try service.client().result("service.health")["status"] == "ok")
    }

    @Test func `Good values of every unit: accepted`() throws {
        for (ttl, interval, limit) in [("750ms", "1h", "512KiB"), ("1.5s", "15m", "1GiB"), ("24h", "30s", "0.5MiB")] {
            let service = try running(
                .state, ["RIVET_CONVERSATION_TTL": ttl, "RIVET_SWEEP_INTERVAL": interval, "RIVET_MEMORY_LIMIT": limit])
            #expect(try service.client().result("service.health")["status"] == "ok")
        }
    }
}
