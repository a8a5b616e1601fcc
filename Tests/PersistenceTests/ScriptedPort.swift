import Contracts

@testable import Persistence

/// The requests to a tier, in order. It never responds by itself.
final class ScriptedPort: TierPort {
    enum Asked: Equatable {
        case page(newerThan: Revision)
        case write([Revision])
        case touch(visit: Int64, next: Int64)
    }

    private(set) var asked: [(request: Int, what: Asked)] = []
    private(set) var link = 0

    func connect(link: Int, mark: Int64) { self.link = link }
    func disconnect(link: Int) {}
    func giveUp(link: Int) {}
    func write(_ records: [ConversationRecord], makingWay: Bool, link: Int, request: Int) {
        asked.append((request, .write(records.map(\.revision))))
    }
    func readPage(after key: ConversationKey?, newerThan revision: Revision, limit: Int, link: Int, request: Int) {
        asked.append((request, .page(newerThan: revision)))
    }
    func findRival(of record: ConversationRecord, link: Int, request: Int) {}
    func touch(visit: Int64, next: Int64, link: Int, request: Int) {
        asked.append((request, .touch(visit: visit, next: next)))
    }
    func prune(before moment: Timestamp, limit: Int, link: Int, request: Int) {}

    func takeAll() -> [(request: Int, what: Asked)] {
        defer { asked = [] }
        return asked
    }
}
