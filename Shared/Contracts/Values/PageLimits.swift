/// The bound of a list's page besides the requested number of items.
public enum PageLimits {
    /// The most bytes of JSON of a page's items, except that a page always has its first item. So each page fits a
    /// frame, and `next_cursor` always advances.
    package static let bytesMax = 512 * 1024

    /// How many of `items` fit on a page.
    package static func count<Item>(_ items: some Sequence<Item>, limit: Int, bytes: (Item) -> Int) -> Int {
        var (count, total) = (0, 0)
        for item in items {
            guard count < limit else { break }
            total += bytes(item)
            if count > 0, total > bytesMax { break }
            count += 1
        }
        return count
    }
}
