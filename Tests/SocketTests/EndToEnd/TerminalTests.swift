import Foundation
import Glibc
import TestSupport
import Testing

/// The terminal of `make run`, as a person sees it.
@Suite struct TerminalTests {
    @Test func `A service that ends while a line is typed: reported above the line, which stays whole`() async throws {
        try await TerminalScreen.run { screen in
            try screen.type("/addma")
            try await screen.wait("the beginning") { $0.last == "Ada: /addma" }
            try await screen.signal(SIGKILL, to: .state)
            try await screen.wait("the notice") { lines in
                lines.dropLast().last?.hasPrefix("· rivet-state (") == true && lines.last == "Ada: /addma"
            }
            let lines = try screen.lines()
            #expect(lines.filter { $0.contains("/addma") && $0.hasPrefix("Ada:") } == ["Ada: /addma"])
            #expect(lines[lines.count - 2].contains("was ended by signal 9; started again as"))
            try screen.say("chine")
            try await screen.wait("the question") {
                $0.contains { $0.contains("Enter a nickname") } && $0.last == "Ada:"
            }
            #expect(try screen.lines().contains("Ada: /addmachine"))
        }
    }

    @Test func `A message of the bot while a line is typed: shown above the line`() async throws {
        try await TerminalScreen.run { screen in
            try await screen.signal(SIGSTOP, to: .gateway)
            try screen.say("/library")
            try screen.type("Not sent")
            try await screen.wait("both lines") { $0.suffix(2) == ["Ada: /library", "Ada: Not sent"] }
            try await screen.signal(SIGCONT, to: .gateway)
            try await screen.wait("the answer") { lines in
                lines.contains { $0.contains("No equipment saved yet") } && lines.last == "Ada: Not sent"
            }
            #expect(try screen.lines().filter { $0.contains("Not sent") }.count == 1)
        }
    }

    @Test func `A line of any length: shown again as it was`() async throws {
        try await TerminalScreen.run { screen in
            let room = TerminalScreen.columns - "Ada: ".count
            let texts = [0, 1, 40, room - 1, room, room + 1, room + TerminalScreen.columns, 200].map { count in
                String((0..<count).map { Array("abcdefghij")[$0 % 10] })
            }
            // Characters two columns wide, and one that is at the edge of the screen.
            let wide = String(repeating: "漢", count: room / 2) + "字字" + String(repeating: "ü", count: 90)
            for (number, text) in (texts + [wide]).enumerated() {
                try screen.type(text)
                let shown = "Ada: " + text
                func isWhole(_ rows: some Sequence<String>) -> Bool {
                    rows.joined() == (text.isEmpty ? "Ada:" : shown)
                }
                func rows(_ lines: [String]) -> ArraySlice<String> {
                    lines[(lines.lastIndex { $0.hasPrefix("Ada:") } ?? lines.endIndex)...]
                }
                try await screen.wait("\(text.count) characters") { isWhole(rows($0)) }
                try screen.notify("· notice \(number)")
                try await screen.wait("notice \(number)") { lines in
                    guard let notice = lines.firstIndex(of: "· notice \(number)") else { return false }
                    return isWhole(lines[(notice + 1)...])
                }
                // No part of the line remains above the notice.
                let lines = try screen.lines()
                let before = lines.firstIndex(of: "· notice \(number)").map { lines[$0 - 1] }
                #expect(before == (number == 0 ? "" : "· notice \(number - 1)"), "\(text)")
                try screen.press("C-u")
                try await screen.wait("an empty line") { $0.last == "Ada:" }
            }
        }
    }

    @Test func `Arrow keys: edit the line, and bring back earlier lines`() async throws {
        try await TerminalScreen.run { screen in
            try screen.say("/addmachine")
            try await screen.wait("the question") { $0.contains { $0.contains("Enter a nickname") } }
            try screen.type("Pmp 7ü")
            try screen.press("Left", "Left", "Left", "Left", "Left")
            try screen.type("u")
            try await screen.wait("the letter in its place") { $0.last == "Ada: Pump 7ü" }
            try screen.press("Enter")
            try await screen.wait("the answer") { $0.contains { $0.contains("✅ Nickname: Pump 7ü") } }
            try screen.press("Up")
            try await screen.wait("the line before") { $0.last == "Ada: Pump 7ü" }
            try screen.press("Up")
            try await screen.wait("the first line") { $0.last == "Ada: /addmachine" }
            try screen.press("Down", "Down")
            try await screen.wait("an empty line") { $0.last == "Ada:" }
        }
    }

    @Test func `A number: an answer, and with # a tap`() async throws {
        try await TerminalScreen.run { screen in
            try screen.say("/addmachine")
            try await screen.wait("the nickname") { $0.contains { $0.contains("Enter a nickname") } }
            try screen.say("Boiler 3")
            try await screen.wait("the manufacturer") { $0.contains { $0.contains("Enter the manufacturer") } }
            try screen.say("3")
            try await screen.wait("the answer 3") { $0.contains("Rivet: ✅ Manufacturer: 3") }
            try screen.say("#9")
            try await screen.wait("an error") { lines in
                lines.contains("! there is no button 9: the last message has 1 to 3")
            }
            try screen.say("#1")
            try await screen.wait("the model skipped") { $0.contains { $0.contains("Skipped model") } }
            try screen.say("/tap 1")
            try await screen.wait("the serial skipped") { $0.contains { $0.contains("Skipped serial") } }
            try screen.say("#a")
            try await screen.wait("a text that begins with #") { $0.contains("Rivet: ✅ Location: #a") }
        }
    }

    @Test func `Ctrl-C: ends everything, and the terminal is as before`() async throws {
        try await TerminalScreen.run { screen in
            try screen.type("half a line")
            try await screen.wait("it") { $0.last == "Ada: half a line" }
            try screen.press("C-c")
            try await screen.wait("the end") { $0.contains("ended 0 icanon") }
            #expect(try screen.lines().contains { $0.hasPrefix("· All processes have ended.") })
        }
    }

    @Test func `A chat that is killed: the terminal is as before`() async throws {
        try await TerminalScreen.run { screen in
            #expect(kill(try screen.chatProcess(), SIGKILL) == 0)
            try await screen.wait("the end") { $0.contains("ended 137 icanon") }
        }
    }

    /// The chat ends before the shell that supervises the gateway has set its traps.
    @Test func `A chat that ends at once: run.sh ends, and no service is left`() async throws {
        let directory = try TestDirectory()
        let binaries = "\(directory.path)/bin"
        try FileManager.default.createDirectory(atPath: binaries, withIntermediateDirectories: false)
        for service in [RivetBinary.state, .library, .gateway] {
            try FileManager.default.createSymbolicLink(
                atPath: "\(binaries)/\(service.rawValue)", withDestinationPath: service.path)
        }
        try directory.write("#!/bin/sh\necho 1 >'\(directory.path)/run/port'\n", to: "bin/rivet-chat")
        #expect(chmod("\(binaries)/rivet-chat", 0o755) == 0)
        for _ in 0..<3 {
            let run = try ChildProcess(
                TerminalScreen.script, arguments: ["--dir", "\(directory.path)/run"],
                environment: ["PATH": "/usr/bin:/bin", "RIVET_BIN_DIR": binaries], log: "\(directory.path)/log")
            try await eventually("the end of run.sh") { !run.isRunning }
            #expect(run.wait() == 0)
            #expect(try FileManager.default.contentsOfDirectory(atPath: "\(directory.path)/run/pid").isEmpty)
        }
    }

    @Test func `A script in a terminal: a pause of a second after each step`() async throws {
        let directory = try TestDirectory()
        try directory.write("say one\nsay two\n", to: "play")
        let start = ContinuousClock.now
        let terminal = try ChildProcess(
            "/usr/bin/script",
            arguments: ["-qec", "'\(RivetBinary.chat.path)' --script '\(directory.path)/play'", "/dev/null"],
            environment: ["PATH": "/usr/bin:/bin"], log: "\(directory.path)/log")
        #expect(terminal.wait() == 0)
        #expect(.now - start >= .seconds(2))
    }
}
