import CLibedit
import Glibc

/// libedit on the terminal of this process.
///
/// Thread rule: one thread makes, uses and closes it.
final class EditSession {
    static let historyLinesMax: Int32 = 500

    private let editor: LineEditor
    private let columns: Int
    private let prompts: (first: UnsafeMutablePointer<CChar>?, next: UnsafeMutablePointer<CChar>?)
    private var prompt: UnsafeMutablePointer<CChar>?
    private var edit: OpaquePointer?
    private var history: OpaquePointer?
    private var unread: [UInt8] = []
    private var isFinished = false

    init(_ editor: LineEditor, prompt: EditorPrompt) {
        self.editor = editor
        columns = prompt.columns
        prompts = (strdup(prompt.first), strdup(prompt.next))
        self.prompt = prompts.first
        // libedit reads and shows characters by the locale; every Debian has C.UTF-8.
        setlocale(LC_CTYPE, "")
        if String(cString: nl_langinfo(nl_item(CODESET))) != "UTF-8" { setlocale(LC_CTYPE, "C.UTF-8") }
        guard let edit = rivet_edit_open("rivet-chat") else { return }
        self.edit = edit
        rivet_edit_set_context(edit, Unmanaged.passUnretained(self).toOpaque())
        rivet_edit_set_emacs(edit)
        rivet_edit_set_prompt(edit) { EditSession.of($0)?.prompt }
        rivet_edit_set_read(edit) { edit, character in
            guard let session = EditSession.of(edit), let next = session.nextCharacter() else { return 0 }
            character?.pointee = wchar_t(next.value)
            return 1
        }
        // Typed lines are not stored on disk: the history ends with the process.
        history = rivet_history_open(edit, Self.historyLinesMax)
    }

    /// Restores the terminal.
    func close() {
        if let edit { el_end(edit) }
        if let history { history_wend(history) }
        free(prompts.first)
        free(prompts.next)
        (edit, history) = (nil, nil)
    }

    /// The next line, without its end; nil at the end of the input, and when the editor has to finish.
    func nextLine() -> String? {
        guard let edit, !isFinished else { return nil }
        var count: Int32 = 0
        guard let line = el_wgets(edit, &count), count > 0, !isFinished else {
            if !isFinished { LineEditor.write(Array("\r\n".utf8)) }
            return nil
        }
        var text = String(String.UnicodeScalarView(Self.scalars(line, count: Int(count))))
        if text.last?.isNewline == true { text.removeLast() }
        if !text.allSatisfy({ $0.isWhitespace }), let history { rivet_history_add(history, line) }
        prompt = MultilineText.goesOn(text) ? prompts.next : prompts.first
        return text
    }

    private static func scalars(_ start: UnsafePointer<wchar_t>, count: Int) -> [Unicode.Scalar] {
        UnsafeBufferPointer(start: start, count: count).map { Unicode.Scalar(UInt32(bitPattern: $0)) ?? "\u{FFFD}" }
    }

    // MARK: Callbacks of libedit

    private static func of(_ edit: OpaquePointer?) -> EditSession? {
        rivet_edit_context(edit).map { Unmanaged<EditSession>.fromOpaque($0).takeUnretainedValue() }
    }

    /// The next typed character; nil at the end. Meanwhile it shows pending output.
    private func nextCharacter() -> Unicode.Scalar? {
        while true {
            if let scalar = decoded() { return scalar }
            if let work = editor.nextWork() {
                perform(work)
                if isFinished { return nil }
                continue
            }
            var byte: UInt8 = 0
            let count = read(STDIN_FILENO, &byte, 1)
            if count < 0, errno == EINTR { continue }
            guard count == 1 else { return nil }
            unread.append(byte)
        }
    }

    /// The character of the bytes read so far, once it is complete. Bytes that are not UTF-8 are dropped.
    private func decoded() -> Unicode.Scalar? {
        guard let first = unread.first else { return nil }
        let length = first < 0x80 ? 1 : first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
        guard unread.count >= length else { return nil }
        defer { unread = [] }
        var decoder = UTF8()
        var bytes = unread.makeIterator()
        guard case .scalarValue(let scalar) = decoder.decode(&bytes) else { return nil }
        return scalar
    }

    private func perform(_ work: LineEditor.Work) {
        isFinished = work.isFinished
        erase()
        if work.isTerminalChanged {
            rivet_edit_prepare(edit)
            el_resize(edit)
        }
        // A terminal in editing mode may treat a newline as a step down only.
        LineEditor.write(work.output.flatMap { $0 == UInt8(ascii: "\n") ? Array("\r\n".utf8) : [$0] })
        if !isFinished { rivet_edit_refresh(edit) }
    }

    /// Erases prompt and line from the screen, and leaves the cursor at the beginning of the prompt.
    private func erase() {
        guard let line = el_wline(edit)?.pointee, let start = line.buffer, let cursor = line.cursor else { return }
        var size = winsize()
        let isKnown = ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        let row = ScreenColumns.row(
            behind: Self.scalars(start, count: cursor - start), prompt: columns,
            columns: isKnown ? Int(size.ws_col) : 80)
        LineEditor.write(Array("\r\(row > 0 ? "\u{1B}[\(row)A" : "")\u{1B}[J".utf8))
    }
}
