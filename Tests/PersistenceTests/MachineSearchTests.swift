import Contracts
import Testing

@testable import Persistence

/// Words are found in two ways: by the index, and by a scan of a person's machines. Both must agree.
@Suite struct MachineSearchTests {
    private static let texts: [(nickname: String, maker: String?, notes: String?)] = [
        ("Main compressor", "Siemens", "Replaced relay 2024-06"), ("Größe 7", "KSB", "seal\nchanged"),
        ("Pump 12", nil, "runs; well"), ("🔧 bench", "ACME-9", nil), ("PUMP", "siemens", "x_y z"),
        ("Насос 3", "Grundfos", nil),
    ]

    @Test(arguments: [
        "pump", "PU", "siem", "relay 2024", "größe", "GRÖSSE", "gr", "seal changed", "насос", "🔧", "acme 9", "9",
        "12 well",
        "x_y", "nothing", "main siemens", "3",
    ])
    func `The index and a scan: find the same machines`(_ text: String) throws {
        let file = try TemporaryFile()
        let table = try MachineTable(path: file.path)
        for (index, entry) in Self.texts.enumerated() {
            var details = MachineDetails(nickname: entry.nickname)
            details.texts[.manufacturer] = entry.maker
            details.texts[.notes] = entry.notes
            for user in ["7", "8"] {
                try table.put(
                    MachineRecord(
                        id: "\(user)-\(index)", requestID: nil, revision: Revision(rawValue: Int64(index + 1)),
                        userID: user,
                        details: details, createdAt: Timestamp(milliseconds: Int64(index + 1)),
                        updatedAt: Timestamp(milliseconds: 1)))
            }
        }
        let query = try #require(MachineQuery(text))
        let looked = try table.list(userID: "7", after: nil, limit: 100).filter { $0.matches(query.words) }
        let indexed = try query.expression(userID: "7").map { try table.search($0, after: nil, limit: 100) } ?? []
        #expect(looked.map(\.id) == indexed.map(\.id))
    }
}
