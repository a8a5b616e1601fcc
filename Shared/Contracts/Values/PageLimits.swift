/// What bounds a page of a list beside the number that was asked for.
public enum PageLimits {
    /// A page ends before its items have more bytes of JSON than this, though never before its first one. So every page
    /// fits a frame, and `next_cursor` leads on.
    package static let bytesMax = 512 * 1024

    /// How many of `items` make a page.
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
