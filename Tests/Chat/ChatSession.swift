import Foundation
import TelegramSimulator
import Threads

/// One person's chat with the bot: shows the messages, and sends typed or scripted ones.
struct ChatSession: Sendable {
    static let expectationTimeout: Duration = .seconds(20)
    /// How long the bot may take to answer after the last line of a pipe; it may still be starting.
    static let lastWordsTimeout: Duration = .seconds(20)

    let telegram: TelegramSimulator
    let person: Person
    let terminal: Terminal
    /// The pause between the steps of a script.
    var pause: Duration = .zero

    // MARK: Terminal

    /// Handles typed lines until the input ends or `/quit`, and shows the bot's messages as they come.
    ///
    /// - Parameters:
    ///   - editor: the owner of the terminal; nil: standard input is read as it is.
    ///   - notices: lines of other programs, shown as they come.
    func converse(_ editor: LineEditor?, notices: AsyncStream<String>?) async throws(ThreadError) {
        let lines: AsyncStream<String>
        if let editor { lines = editor.lines } else { lines = try LineReader.lines(of: STDIN_FILENO) }
        await withTaskGroup(of: Void.self) { group in
            if let notices { group.addTask { for await notice in notices { terminal.showLine(notice) } } }
            if let editor {
                let signals = await ChatSignals()
                group.addTask { await signals.run(editor) }
            }
            group.addTask {
                while !Task.isCancelled {
                    guard let message = try? await person.nextMessage(timeout: .seconds(3600)) else { continue }
                    terminal.showBot(message)
                }
            }
            var text = MultilineText()
            for await line in lines {
                guard let whole = text.add(line) else { continue }
                if await said(whole) { break }
            }
            if let rest = text.end() { _ = await said(rest) }
            // A pipe ends at once, but the last lines in it deserve a reply.
            if isatty(STDIN_FILENO) == 0 { try? await telegram.waitUntilAllConfirmed(timeout: Self.lastWordsTimeout) }
            group.cancelAll()
            await editor?.finish()
        }
        await showPending()
    }

    /// - Returns: whether the person ends the chat with this text.
    private func said(_ text: String) async -> Bool {
        // A terminal has already shown it.
        if isatty(STDIN_FILENO) == 0, text != "/quit" { terminal.showPerson(text) }
        do {
            let typed = try Typed(text)
            if typed == .quit { return true }
            try await perform(typed)
        } catch {
            terminal.showProblem("\(error)")
        }
        return false
    }

    private func perform(_ typed: Typed) async throws {
        switch typed {
        case .text(let text): try await person.send(text)
        case .photo(let path): try await sendPhoto(path)
        case .tap(let number):
            let buttons = await telegram.allBotMessages(in: person.chat).last?.buttons ?? []
            guard buttons.indices.contains(number - 1) else {
                throw ChatError(
                    "there is no button \(number): "
                        + (buttons.isEmpty ? "the last message has none" : "the last message has 1 to \(buttons.count)")
                )
            }
            try await tap(buttons[number - 1])
        case .nothing, .quit: return
        }
    }

    private func tap(_ button: BotMessage.Button) async throws {
        guard let data = button.callbackData else { throw ChatError("this button opens \(button.url ?? "a link")") }
        // Two buttons may have the same label, so their data distinguishes them.
        let last = await telegram.allBotMessages(in: person.chat).last
        try await person.tap(data, on: last?.messageID)
    }

    private func sendPhoto(_ path: String) async throws {
        let photo = try PhotoFile(path: path)
        try await telegram.sendPhoto(from: person.id, fileID: photo.fileID, bytes: photo.bytes)
    }

    // MARK: Script

    /// Plays `script`; stops at the first step that fails.
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
            try await Task.sleep(for: pause)
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
        try await Task.sleep(for: pause)
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

    /// Shows the messages that the bot has sent meanwhile.
    private func showPending() async {
        while let message = try? await person.nextMessage(timeout: .zero) { terminal.showBot(message) }
    }
}
