import ArgumentParser
import Testing

@testable import Control

/// The output of `--help` for every command.
@Suite struct HelpTests {
    private static let columns = 80

    private static var commands: [any ParsableCommand.Type] {
        func all(_ command: any ParsableCommand.Type) -> [any ParsableCommand.Type] {
            [command] + command.configuration.subcommands.flatMap(all)
        }
        return all(Rivetctl.self)
    }

    /// The argument parser wraps the text again: so a paragraph is one line, and the lines of a table fit.
    @Test func `A discussion: paragraphs of one line, tables that fit 80 columns`() {
        #expect(Self.commands.count > 10)
        for command in Self.commands {
            var previous = ""
            for line in command.configuration.discussion.split(separator: "\n", omittingEmptySubsequences: false) {
                let isProse = !line.isEmpty && !line.hasPrefix(" ")
                #expect(!(isProse && !previous.isEmpty), "\(command): a paragraph goes on with: \(line)")
                if line.hasPrefix(" ") { #expect(line.count <= Self.columns, "\(command): \(line)") }
                previous = String(line)
            }
        }
    }

    @Test func `The help of a command: within 80 columns, and each default stands once`() {
        for command in Self.commands {
            let help = Rivetctl.helpMessage(for: command, columns: Self.columns)
            // The parser never wraps its usage line.
            let lines = help.split(separator: "\n").filter { !$0.hasPrefix("USAGE: ") }
            #expect(lines.allSatisfy { $0.count <= Self.columns }, "\(help)")
            let words = help.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            #expect(!words.contains(/(\(default: [^)]*\)) \1/), "\(help)")
        }
    }

    @Test(arguments: [
        ["show", "machines", "abc"], ["show", "machines", "1.5"], ["show", "machines", ""],
        ["show", "conversation", "@ada"], ["show", "conversation", "5", "--chat", "group"], ["logs", "abc"],
        ["health", "--env-file", ""], ["verify", "--state-dir", ""],
    ])
    func `An ID that is none and a path that is empty: usage errors`(_ arguments: [String]) {
        let error = #expect(throws: (any Error).self) { try Rivetctl.parseAsRoot(arguments) }
        if let error { #expect(Rivetctl.exitCode(for: error).rawValue == ExitCodes.usage) }
    }

    @Test func `The IDs of users, groups and topics: accepted`() throws {
        let show = ["show", "conversation", "5", "--chat"]
        for chat in ["-1001234567890", "-1001234567890:7", "5"] { _ = try Rivetctl.parseAsRoot(show + [chat]) }
    }
}
