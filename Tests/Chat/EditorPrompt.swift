/// What stands before the line that is typed. Both forms have the same width.
struct EditorPrompt: Sendable {
    var first: String
    /// For a line that goes on with the text of the one before.
    var next: String
    var columns: Int

    /// The name of who types, in bold green.
    init(name: String) {
        let columns = name.count + 2
        // The bytes of value 1 tell libedit what takes no room.
        first = "\u{1}\u{1B}[1;32m\u{1}\(name):\u{1}\u{1B}[0m\u{1} "
        next = String(repeating: ".", count: columns - 1) + " "
        self.columns = columns
    }
}
