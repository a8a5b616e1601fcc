import Contracts
import Dialogue

extension TurnEngine {
    /// A page of the person's library. It changes nothing, so the turn does not wait while the library is unavailable.
    func library(_ query: LibraryQuery, _ turn: Turn) async throws(ServiceFailure) -> TurnOutcome {
        do {
            let page = try await page(query, turn.lane.user)
            return TurnOutcome(message: .library(.page(page)), replacesMessage: turn.tap != nil)
        } catch .unavailable {
            return TurnOutcome(message: .library(.unavailable), isNoticeOnly: turn.tap != nil)
        }
    }

    /// Reads from the first page to the requested one. Cursors are opaque and may be too long for a button, so buttons
    /// carry page numbers.
    private func page(_ query: LibraryQuery, _ userID: String) async throws(ServiceFailure) -> LibraryPage {
        let size = LibraryPage.machinesMax
        var number = 1
        var cursor: String?
        while true {
            let list = try await calls.call(
                LibraryList.self,
                .init(
                    userID: userID, limit: Int64(size), cursor: cursor, query: query.words.isEmpty ? nil : query.words))
            // If the page no longer exists, show the last one.
            guard number < query.page, let next = list.nextCursor else {
                return LibraryPage(
                    machines: list.machines.map(MachineLine.init), firstNumber: (number - 1) * size + 1,
                    total: Int(list.total), query: query.words.isEmpty ? nil : query.words,
                    previousData: query.callbackData(page: number - 1),
                    nextData: list.nextCursor == nil ? nil : query.callbackData(page: number + 1))
            }
            number += 1
            cursor = next
        }
    }
}
