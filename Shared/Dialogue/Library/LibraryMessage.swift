/// What the bot says about a person's library.
public enum LibraryMessage: Sendable, Equatable {
    case page(LibraryPage)
    /// The library cannot be read now.
    case unavailable
    /// Another machine of the person had the same nickname, in a database that was unreachable when this one was added.
    case renamed(from: String, to: String)

    func reply(in texts: any Texts) -> Reply {
        switch self {
        case .page(let page): Self.reply(page, in: texts)
        case .unavailable: Reply(texts.libraryUnavailable, notice: texts.libraryUnavailableNotice)
        case .renamed(let earlier, let nickname): Reply(texts.machineRenamed(from: earlier, to: nickname))
        }
    }

    private static func reply(_ page: LibraryPage, in texts: any Texts) -> Reply {
        let search: Markup = page.query.map { "\n\(texts.librarySearch($0))" } ?? ""
        let title: Markup = "\(texts.libraryTitle)\(search)"
        let pageButtons = [(texts.newerButton, page.previousData), (texts.olderButton, page.nextData)].compactMap {
            label, data in data.map { Reply.Button(label: label, data: $0) }
        }
        let buttons = pageButtons.isEmpty ? [] : [pageButtons]

        guard !page.machines.isEmpty else {
            let isFiltered = page.total > 0 || page.query != nil
            return Reply(
                "\(title)\n\n\(isFiltered ? texts.libraryNothingFound : texts.libraryEmpty)", buttons: buttons)
        }
        let lines = page.machines.enumerated().map { offset, machine in
            texts.libraryLine(number: page.firstNumber + offset, machine)
        }
        let last = page.firstNumber + page.machines.count - 1
        let isWhole = page.firstNumber == 1 && last >= page.total
        let count = texts.libraryCount(total: page.total, range: isWhole ? nil : page.firstNumber...last)
        return Reply("\(title)\n\n\(.lines(lines))\n\n\(count)", buttons: buttons)
    }
}
