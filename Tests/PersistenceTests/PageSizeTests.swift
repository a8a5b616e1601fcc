import Testing

@testable import Persistence

@Suite struct PageSizeTests {
    /// Walks rows as a pull does.
    /// - Returns: the received rows, the skipped rows, and the number of requested pages.
    private func walk(_ count: Int, bad: Set<Int>, full: Int = 1_000) -> (rows: [Int], passed: [Int], asked: Int) {
        var size = PageSize(full: full)
        var (position, asked, rows, passed) = (0, 0, [Int](), [Int]())
        while position < count {
            asked += 1
            let page = position..<min(count, position + size.limit)
            if page.contains(where: bad.contains) {
                if size.isOneRow {
                    passed.append(position)
                    position += 1
                    size.reset()
                } else {
                    size.refused()
                }
            } else {
                rows += Array(page)
                position = page.upperBound
                size.received()
            }
        }
        return (rows, passed, asked)
    }

    @Test(arguments: [0, 1, 2, 499, 500, 998, 999, 1_000, 4_999])
    func `A row that is refused: skipped alone, after few pages`(_ bad: Int) {
        let (rows, passed, asked) = walk(5_000, bad: [bad])
        #expect(passed == [bad] && rows == (0..<5_000).filter { $0 != bad })
        #expect(asked <= 5 + 2 * 11, "\(asked)")
    }

    @Test func `Several rows that are refused: skipped one by one`() {
        let bad: Set = [3, 4, 700, 2_345]
        let (rows, passed, asked) = walk(3_000, bad: bad)
        #expect(Set(passed) == bad && rows.count == 3_000 - bad.count)
        #expect(asked <= 3 + 4 * 22, "\(asked)")
    }

    @Test func `A refusal that does not come again: is forgotten`() {
        var size = PageSize(full: 1_000)
        for _ in 0..<20 { size.refused() }
        #expect(size.isOneRow)
        size.received()
        var pages = 1
        while size.limit < 1_000 {
            size.received()
            pages += 1
        }
        #expect(pages < 20, "\(pages)")
    }
}
