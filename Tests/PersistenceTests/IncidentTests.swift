import Contracts
import Glibc
import Testing

@testable import Persistence

@Suite struct IncidentTests {
    @Test func `A directory that cannot be listed: is a trouble, and no failure of the database in it`() throws {
        let file = try TemporaryFile("state/test.db")
        try makeDirectory(of: file.path)
        let table = try ConversationTable(path: file.path)
        #expect(try table.incidents() == StoreIncidents())
        let directory = String(file.path.dropLast("/test.db".count))
        // Open files stay open.
        try #require(rename(directory, directory + "-elsewhere") == 0)
        table.hasIncidentNews = true
        let incidents = try table.incidents()
        #expect(incidents.filesUnknown?.contains("No such file or directory") == true)
        #expect(table.hasIncidentNews)
        var status = StoreStatus(isUp: true)
        #expect(status.health == .ok)
        status.incidents = incidents
        #expect(status.health == .degraded)
        #expect(status.summary.contains("whether a broken database was moved aside is not known: open "))
        try #require(rename(directory + "-elsewhere", directory) == 0)
        #expect(try table.incidents() == StoreIncidents())
        #expect(!table.hasIncidentNews)
    }
}
