import CLibedit

/// Where a text ends on a screen that wraps it at the right edge.
enum ScreenColumns {
    /// The row of the cursor after `text`, counted from the row of the prompt.
    ///
    /// - Parameter prompt: columns of the prompt.
    static func row(behind text: some Sequence<Unicode.Scalar>, prompt: Int, columns: Int) -> Int {
        let columns = max(columns, 2)
        var (row, column) = (prompt / columns, prompt % columns)
        for scalar in text {
            let width = width(scalar)
            // A character two columns wide is not split.
            if column + width > columns, width <= columns { (row, column) = (row + 1, 0) }
            column += width
            while column >= columns { (row, column) = (row + 1, column - columns) }
        }
        return row
    }

    /// The width in libedit's form: a control character is `^A`.
    private static func width(_ scalar: Unicode.Scalar) -> Int {
        if scalar.value < 0x20 || scalar.value == 0x7F { return 2 }
        let width = Int(wcwidth(wchar_t(scalar.value)))
        // `\U+1234`
        return width >= 0 ? width : scalar.value > 0xFFFF ? 8 : 7
    }
}
