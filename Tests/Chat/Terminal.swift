import Foundation
import TelegramSimulator

/// Shows a conversation, with colors and bold print if standard output is a terminal.
struct Terminal: Sendable {
    let isStyled: Bool
    private let editor: LineEditor?

    /// - Parameter editor: the owner of the terminal, if there is one.
    init(isStyled: Bool = isatty(STDOUT_FILENO) == 1, editor: LineEditor? = nil) {
        self.isStyled = isStyled
        self.editor = editor
    }

    /// Unbuffered: a line must appear at once, also in a pipe, and before the output of a command.
    func showLine(_ line: String) {
        if let editor { editor.show(line + "\n") } else { LineEditor.write(Array((line + "\n").utf8)) }
    }

    func showBot(_ message: BotMessage) {
        let mark = message.isEdit ? "Rivet (edited)" : "Rivet"
        var body = styled(message)
        if message.photoFileID != nil { body = "[photo]" + (body.isEmpty ? "" : " " + body) }
        show(body, by: style(mark, "1;36"))
        let buttons = message.buttons.enumerated().map { index, button in
            style("[\(index + 1)]", "2") + " " + button.label + (button.url.map { " <\($0)>" } ?? "")
        }
        if !buttons.isEmpty { showLine("        " + buttons.joined(separator: "  ")) }
    }

    func showPerson(_ text: String) { show(text, by: style("Ada", "1;32")) }

    func showCommand(_ command: String) { showLine(style("$ \(command)", "33")) }

    func showNarration(_ text: String) { showLine(text.isEmpty ? "" : "\n" + style("— \(text)", "1")) }

    func showProblem(_ text: String) { showLine(style("! \(text)", "31")) }

    private func show(_ text: String, by name: String) {
        let indented = text.replacingOccurrences(of: "\n", with: "\n        ")
        showLine("\(name): \(indented)")
    }

    private func style(_ text: String, _ code: String) -> String {
        isStyled ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }

    /// The text with its formatting as escape sequences.
    private func styled(_ message: BotMessage) -> String {
        guard isStyled, !message.entities.isEmpty else { return message.text }
        let codes = [
            "bold": 1, "italic": 3, "underline": 4, "strikethrough": 9, "code": 36, "pre": 36, "text_link": 4,
            "blockquote": 2,
        ]
        let units = Array(message.text.utf16)
        // Where any entity begins or ends, the styles that apply from there on are set again.
        let edges = Set([0, units.count] + message.entities.flatMap { [$0.offset, $0.offset + $0.length] })
            .filter { (0...units.count).contains($0) }.sorted()
        var output = ""
        for (start, end) in zip(edges, edges.dropFirst()) {
            let active = message.entities.filter { $0.offset <= start && $0.offset + $0.length >= end }
                .compactMap { codes[$0.kind] }
            let piece = String(decoding: units[start..<end], as: UTF16.self)
            output += active.isEmpty ? piece : style(piece, active.map(String.init).joined(separator: ";"))
        }
        return output
    }
}
