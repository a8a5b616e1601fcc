import CSQLite
import Contracts
import Foundation
import Testing

@testable import Persistence

/// What counts as a difference between two tiers.
@Suite struct TierDifferenceTests {
    private static let day: Int64 = 86_400_000
    private static let now = Timestamp(milliseconds: 1_795_440_397_690)
    private static let horizon = now.advanced(by: .zero - TierVerifier.tombstonesKeptFor)

    private func conversation(
        _ revision: Int64, step: String = "model", data: [String: JSONValue] = [:], clearing: JSONValue? = nil,
        closedAt: Timestamp? = nil
    ) -> ConversationRecord {
        var record = ConversationRecord(
            key: ConversationKey(userID: "7", chatID: "7"), revision: Revision(rawValue: revision), isClosed: false,
            step: step, data: data, startedAt: Self.now, updatedAt: closedAt ?? Self.now, expiresAt: Self.now,
            appliedUpdates: [.init(updateID: 3, revision: Revision(rawValue: 2), expiresAt: nil)])
        record.isClosed = closedAt != nil
        record.lastClearing = clearing.map { .init(reason: .completed, outcome: $0, updateID: 3) }
        return record
    }

    private func kind(_ tier: ConversationRecord?, _ local: ConversationRecord?) -> TierDifference.Kind? {
        TierDifference.Kind(tier: tier, local: local, horizon: Self.horizon)
    }

    @Test func `A difference in revision: older, newer, missing or extra`() {
        let (low, high) = (Revision(rawValue: 4), Revision(rawValue: 5))
        #expect(kind(conversation(4), conversation(5)) == .older(tier: low, local: high))
        #expect(kind(conversation(5), conversation(4)) == .newer(tier: high, local: low))
        #expect(kind(conversation(5), conversation(5)) == nil)
        #expect(kind(nil, conversation(5)) == .missing)
        #expect(kind(conversation(5), nil) == .extra)
        #expect(kind(nil, nil) == nil)
    }

    @Test func `A tombstone older than the horizon: may be missing on either side`() {
        let old = conversation(5, closedAt: Self.horizon)
        let recent = conversation(5, closedAt: Timestamp(milliseconds: Self.horizon.milliseconds + 1))
        #expect(kind(nil, old) == nil && kind(old, nil) == nil)
        #expect(kind(nil, recent) == .missing && kind(recent, nil) == .extra)
        // A tombstone that both have is compared.
        #expect(kind(conversation(4, closedAt: Self.horizon), old)?.name == "older")
        var machine = MachineRecord(
            id: "a", revision: Revision(rawValue: 5), userID: "7", details: MachineDetails(nickname: "Pump"),
            createdAt: Timestamp(milliseconds: 0), updatedAt: Timestamp(milliseconds: 0))
        func kindLeft(_ machine: MachineRecord) -> TierDifference.Kind? {
            .init(tier: nil, local: machine, horizon: Self.horizon)
        }
        #expect(kindLeft(machine) == .missing)
        machine.deletedAt = Self.horizon
        #expect(kindLeft(machine) == nil)
    }

    @Test func `A difference in content: names the fields and shows no values`() {
        let own = conversation(5, data: ["nickname": "Pump"], clearing: ["a": 1])
        #expect(
            kind(own, conversation(5, data: ["nickname": "pump"], clearing: ["a": 1])) == .content(fields: ["data"]))
        #expect(
            kind(own, conversation(5, step: "serial", data: ["nickname": "Pump"], clearing: ["a": 2]))
                == .content(fields: ["last_clear", "step"]))
        // "é" as one code point and as two are different texts.
        #expect(
            kind(conversation(5, data: ["x": "\u{E9}"]), conversation(5, data: ["x": "e\u{301}"]))
                == .content(fields: ["data"]))
    }

    @Test(arguments: [
        ("1e2", "100", true), ("1.10", "1.1", true), ("-0", "0", true), ("-0.0", "0", true), ("0.001", "1E-3", true),
        ("12e+1", "120", true), ("1e400", "1" + String(repeating: "0", count: 400), true), ("1", "2", false),
        ("-1", "1", false), ("10", "1", false), ("0.1", "0.01", false),
        ("9223372036854775807", "9223372036854775806", false),
    ])
    func `Numbers: compared by their value`(_ own: String, _ other: String, _ isSame: Bool) throws {
        let (own, other) = (try JSONValue(parsing: own), try JSONValue(parsing: other))
        #expect(own.isSame(as: other) == isSame)
        let (ownData, otherData) = (JSONValue.object(["a": [own]]), JSONValue.object(["a": [other]]))
        #expect(ownData.isSame(as: otherData) == isSame)
        #expect(
            (kind(conversation(5, clearing: ownData), conversation(5, clearing: otherData)) == nil) == isSame)
    }
}

/// A connection that reads while the service writes.
@Suite struct ReaderTests {
    private let key = ConversationKey(userID: "7", chatID: "7")

    private func record(_ revision: Int64) -> ConversationRecord {
        ConversationRecord(
            key: key, revision: Revision(rawValue: revision << 16), isClosed: false, step: "model", data: [:],
            startedAt: Timestamp(milliseconds: 1), updatedAt: Timestamp(milliseconds: 1),
            expiresAt: Timestamp(milliseconds: revision), appliedUpdates: [])
    }

    @Test func `A reader: sees what is committed and cannot write`() throws {
        let file = try TemporaryFile()
        let writer = try ConversationTable(path: file.path)
        let reader = try ConversationTable(reading: file.path)
        #expect(try reader.get(key) == nil)
        try writer.put(record(5))
        #expect(try reader.get(key) == record(5))
        #expect(throws: SQLiteError.self) { try reader.put(record(6)) }
        #expect(throws: SQLiteError.self) {
            try reader.connection.execute("PRAGMA query_only = OFF; DELETE FROM quarantine")
        }
        reader.checkpoint()
        try writer.put(record(7))
        #expect(try reader.get(key) == record(7))
    }

    /// Even as the last connection to close, it leaves the file and its log unchanged.
    @Test func `A reader beside a killed service: leaves its log unchanged`() throws {
        let (file, copy) = (try TemporaryFile(), try TemporaryFile())
        let writer = try ConversationTable(path: file.path)
        try writer.put(record(5))
        for suffix in ["", "-wal"] {
            try FileManager.default.copyItem(atPath: file.path + suffix, toPath: copy.path + suffix)
        }
        func contents() throws -> [Data] {
            try ["", "-wal"].map { try Data(contentsOf: URL(filePath: copy.path + $0)) }
        }
        let before = try contents()
        do {
            let reader = try ConversationTable(reading: copy.path)
            #expect(try reader.get(key) == record(5))
        }
        #expect(try contents() == before && before[1].count > 0)
    }

    @Test func `A row that a reader cannot read: not quarantined`() throws {
        let file = try TemporaryFile()
        let writer = try ConversationTable(path: file.path)
        try writer.put(record(5))
        try writer.connection.execute("UPDATE conversation_states SET state_data = 'x'")
        let reader = try ConversationTable(reading: file.path)
        #expect(try reader.get(key)?.step == ConversationRecord.unreadableStep)
        #expect(try writer.quarantinedCount() == 0)
    }

    @Test func `A file with another schema: refused with the versions`() throws {
        let file = try TemporaryFile()
        #expect(throws: LocalTableError.self) { try MachineTable(reading: file.path) }
        do { _ = try SQLiteConnection(path: file.path) }
        let older = #expect(throws: LocalTableError.self) { try MachineTable(reading: file.path) }
        #expect("\(try #require(older))".contains("has not had migration 3, 5, 7"))
        do {
            let table = try MachineTable(path: file.path)
            try table.connection.execute("INSERT INTO rivet_schema_migrations(version, name) VALUES (999, 'later')")
        }
        let newer = #expect(throws: LocalTableError.self) { try MachineTable(reading: file.path) }
        #expect("\(try #require(newer))".contains("has schema version 999"))
    }
}
