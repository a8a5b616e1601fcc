/// The prompt before the typed line. Both forms have the same width.
struct EditorPrompt: Sendable {
    var first: String
    /// For a line that continues the text of the one before.
    var next: String
    var columns: Int

    /// The name of the person, in bold green.
    init(name: String) {
        let columns = name.count + 2
        // Bytes of value 1 tell libedit which bytes take no room on the screen.
        first = "\u{1}\u{1B}[1;32m\u{1}\(name):\u{1}\u{1B}[0m\u{1} "
        next = String(repeating: ".", count: columns - 1) + " "
        self.columns = columns
    }
}
