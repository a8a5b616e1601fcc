import Foundation
import TelegramSimulator

/// One person's chat with the bot: shows what is said, sends what is typed or scripted.
struct ChatSession: Sendable {
    static let expectationTimeout: Duration = .seconds(20)
    /// How long the bot may still answer after the last line of a pipe; it may have yet to start.
    static let lastWordsTimeout: Duration = .seconds(20)

    let telegram: TelegramSimulator
    let person: Person
    let terminal: Terminal

    // MARK: Terminal

    /// Reads standard input until it ends or `/quit`, showing the bot's messages as they come.
    func converse() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                while !Task.isCancelled {
                    guard let message = try? await person.nextMessage(timeout: .seconds(3600)) else { continue }
                    terminal.showBot(message)
                }
            }
            for await line in StandardInput.lines() {
                if line == "/quit" { break }
                // A terminal has shown it already.
                if isatty(STDIN_FILENO) == 0 { terminal.showPerson(line) }
                do {
                    try await typed(line)
                } catch {
                    terminal.showProblem("\(error)")
                }
            }
            // A pipe ends at once; what was written into it deserves an answer.
            if isatty(STDIN_FILENO) == 0 { try? await telegram.waitUntilAllConfirmed(timeout: Self.lastWordsTimeout) }
            group.cancelAll()
        }
        await showPending()
    }

    private func typed(_ line: String) async throws {
        let words = line.split(separator: " ", maxSplits: 1).map(String.init)
        let buttons = await telegram.allBotMessages(in: person.chat).last?.buttons ?? []
        switch words.first {
        case nil: return
        case "/photo": try await sendPhoto(words.count > 1 ? words[1] : "")
        case "/tap":
            guard let number = words.count > 1 ? Int(words[1]) : nil, buttons.indices.contains(number - 1) else {
                throw ChatError("/tap takes the number of a button of the last message")
            }
            try await tap(buttons[number - 1])
        case let word?:
            if words.count == 1, let number = Int(word), buttons.indices.contains(number - 1) {
                try await tap(buttons[number - 1])
            } else {
                try await person.send(line)
            }
        }
    }

    private func tap(_ button: BotMessage.Button) async throws {
        guard let data = button.callbackData else { throw ChatError("this button opens \(button.url ?? "a link")") }
        // Told apart by data: two buttons may read the same.
        let last = await telegram.allBotMessages(in: person.chat).last
        try await person.tap(data, on: last?.messageID)
    }

    private func sendPhoto(_ path: String) async throws {
        let photo = try PhotoFile(path: path)
        try await telegram.sendPhoto(from: person.id, fileID: photo.fileID, bytes: photo.bytes)
    }

    // MARK: Script

    /// Plays `script`; ends at the first step that fails.
    func play(_ script: ChatScript) async throws {
        for line in script.lines {
            do {
                try await play(line.step)
            } catch {
                throw ChatError("\(script.name):\(line.number): \(error)")
            }
        }
        await showPending()
    }

    private func play(_ step: ChatScript.Step) async throws {
        if case .expect(let text) = step {
            try await expect(text)
            return
        }
        await showPending()
        switch step {
        case .send(let text):
            terminal.showPerson(text)
            try await person.send(text)
        case .tap(let label):
            terminal.showPerson("[\(label)]")
            try await person.tap(label)
        case .photo(let path):
            terminal.showPerson("[photo \(path)]")
            try await sendPhoto(path)
        case .run(let command):
            terminal.showCommand(command)
            let status = try await ShellCommand.run(command)
            guard status == 0 else { throw ChatError("the command ended with status \(status): \(command)") }
        case .say(let text): terminal.showNarration(text)
        case .expect: break
        }
    }

    /// Shows the bot's messages up to one that contains `text`.
    private func expect(_ text: String) async throws {
        let deadline = ContinuousClock.now + Self.expectationTimeout
        var said: [String] = []
        while true {
            let remaining = max(deadline - .now, .zero)
            guard let message = try? await person.nextMessage(timeout: remaining) else {
                let heard = said.isEmpty ? "nothing" : said.map { "“\($0)”" }.joined(separator: ", ")
                throw ChatError("expected “\(text)” within \(Self.expectationTimeout); the bot said \(heard)")
            }
            terminal.showBot(message)
            if message.text.contains(text) { return }
            said.append(message.text)
        }
    }

    /// Shows what the bot has said meanwhile.
    private func showPending() async {
        while let message = try? await person.nextMessage(timeout: .zero) { terminal.showBot(message) }
    }
}
