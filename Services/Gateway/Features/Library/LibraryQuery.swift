/// A page of a search in the library. It fits into a button's data, so that changing the page needs no stored state.
struct LibraryQuery: Sendable, Equatable {
    static let dataBytesMax = 64
    static let pageMax = 250
    /// `library.list` accepts no longer query.
    static let wordsBytesMax = 1_024
    private static let prefix = "lib:"

    /// From 1.
    var page: Int
    /// Empty for the whole library.
    var words: String

    init(words: String, page: Int = 1) {
        var words = words
        while words.utf8.count > Self.wordsBytesMax { words.removeLast() }
        self.words = words.filter { $0 != "\0" }
        self.page = page
    }

    /// Parses `lib:<page>` or `lib:<page>:<words>`; nil for other data. An impossible page becomes the first.
    init?(callbackData data: String) {
        guard data.hasPrefix(Self.prefix) else { return nil }
        let parts = data.dropFirst(Self.prefix.count).split(
            separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let page = parts.first.flatMap { Int($0) } ?? 1
        self.init(
            words: parts.count > 1 ? String(parts[1]) : "", page: (1...Self.pageMax).contains(page) ? page : 1)
    }

    /// The button's data for another page; nil if there is no such page or the words are too long for a button.
    func callbackData(page: Int) -> String? {
        guard (1...Self.pageMax).contains(page) else { return nil }
        let data = words.isEmpty ? "\(Self.prefix)\(page)" : "\(Self.prefix)\(page):\(words)"
        return data.utf8.count <= Self.dataBytesMax ? data : nil
    }
}
