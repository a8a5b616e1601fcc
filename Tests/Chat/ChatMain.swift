import Foundation
import NIOCore
import TelegramSimulator

/// `rivet-chat`: a chat with the bot in the terminal, on a simulated Telegram inside this process. See
/// `ChatOptions.usage`.
///
/// Unlike Telegram's apps it has one person (Ada) in one private chat: no groups, no topics, no edits and no deletions
/// by the person, and it sends only texts, photos and taps. It shows no history, and forgets everything at its end.
/// `TelegramSimulator` says what the server behind it lacks.
@main struct ChatMain {
    static func main() async {
        let options: ChatOptions
        do throws(ChatError) {
            options = try ChatOptions(Array(CommandLine.arguments.dropFirst()))
        } catch {
            fail(error.description + "\n" + ChatOptions.usage, status: 2)
        }
        if options.showsUsage {
            print(ChatOptions.usage)
            return
        }
        do {
            try await run(options)
        } catch let error as ChatError {
            fail(error.description, status: 1)
        } catch {
            fail("\(error)", status: 1)
        }
    }

    private static func run(_ options: ChatOptions) async throws {
        // The script is read first, so that a mistake in it shows before anything starts.
        let script = try options.scriptPath.map { try ChatScript(contentsOf: $0) }
        let telegram =
            options.token.map { TelegramSimulator(token: $0, port: options.port, firstUpdateID: firstUpdateID) }
            ?? TelegramSimulator(port: options.port, firstUpdateID: firstUpdateID)
        do {
            try await telegram.start()
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw ChatError(
                "port \(options.port) is in use by another program: give another --port, or none for a free one")
        } catch {
            throw ChatError("cannot listen on port \(options.port): \(error)")
        }
        if let path = options.portFile { try PortFile.write(await telegram.port, to: path) }
        let ada = await telegram.user(1001, firstName: "Ada")
        let isTerminal = isatty(STDOUT_FILENO) == 1
        if let script {
            try await ChatSession(
                telegram: telegram, person: ada, terminal: Terminal(),
                pause: options.pause ?? (isTerminal ? .seconds(1) : .zero)
            ).play(script)
        } else {
            let notices = try options.noticesPath.map { path throws in try Self.notices(from: path) }
            let editor = LineEditor.isPossible ? try LineEditor() : nil
            let terminal = Terminal(editor: editor)
            // With a file for the port, the caller has configured the bot already.
            if options.portFile == nil {
                terminal.showLine("Telegram is at \(await telegram.baseURL), the bot's token is \(telegram.token)")
            }
            try editor?.start(prompt: EditorPrompt(name: "Ada"))
            try await ChatSession(telegram: telegram, person: ada, terminal: terminal)
                .converse(editor, notices: notices)
        }
        await telegram.stop()
    }

    private static func notices(from path: String) throws -> AsyncStream<String> {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw ChatError("cannot read \(path): \(String(cString: strerror(errno)))") }
        return try LineReader.lines(of: descriptor)
    }

    /// Above every ID of an earlier chat on the same storage: the bot remembers the IDs that it has handled.
    private static var firstUpdateID: Int64 { Int64(Date().timeIntervalSince1970 * 1_000) }

    private static func fail(_ message: String, status: Int32) -> Never {
        FileHandle.standardError.write(Data("rivet-chat: \(message)\n".utf8))
        exit(status)
    }
}

/// The reason why the chat ends; shown to the person who started it.
struct ChatError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// The file from which a script learns the port.
enum PortFile {
    /// Writes `port` and a newline to `path`, whole or not at all, so that a waiting script never reads half of it.
    static func write(_ port: Int, to path: String) throws(ChatError) {
        do {
            try Data("\(port)\n".utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw ChatError("cannot write the port to \(path)")
        }
    }
}
