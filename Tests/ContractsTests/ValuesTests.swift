import Contracts
import Foundation
import Testing

@Suite struct TimestampTests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
            (951_827_696_789, "2000-02-29T12:34:56.789Z"), (1_795_440_397_690, "2026-11-23T13:26:37.690Z"),
            (4_102_444_800_000, "2100-01-01T00:00:00.000Z"),
        ] as [(Int64, String)])
    func `A timestamp: written as RFC 3339 in UTC with milliseconds, and read back`(
        _ milliseconds: Int64, _ text: String
    ) {
        let moment = Timestamp(milliseconds: milliseconds)
        #expect(moment.description == text)
        #expect(Timestamp(parsing: text) == moment)
        #expect(Timestamp(parsing: moment.databaseText) == moment)
    }

    @Test func `Days over eight centuries: read back as written`() {
        for day in stride(from: Int64(-146_097), to: 146_097, by: 13) {
            let moment = Timestamp(milliseconds: day * 86_400_000 + 43_200_123)
            #expect(Timestamp(parsing: moment.description) == moment)
        }
    }

    /// The forms that SQLite's CURRENT_TIMESTAMP, PostgreSQL's timestamp and Python's isoformat write.
    @Test(arguments: [
        "2026-11-22 09:30:00", "2026-11-22 09:30:00.0", "2026-11-22 09:30:00.000417", "2026-11-22T09:30:00.000417",
        "2026-11-22T09:30:00Z", "2026-11-22T09:30:00.000417+00:00", "2026-11-22 09:30:00.000417+00",
    ])
    func `Timestamps of other writers: read`(_ text: String) {
        #expect(Timestamp(parsing: text)?.description == "2026-11-22T09:30:00.000Z")
    }

    @Test(arguments: [
        "", "2026-11-22", "2026-11-22 09:30", "2026-13-01 00:00:00", "2026-11-22 24:00:00", "2026-11-22 09:30:00+02:00",
        "2026-11-22 09:30:00.", "2026-11-22 09:30:00.x", "yesterday", "2026-11-22 09:30:00 x",
        "2026-11-22 09:30:00Z+00", "2026-11-22 09:30:00+00:00Z",
    ])
    func `A text in another form: refused as a timestamp`(_ text: String) { #expect(Timestamp(parsing: text) == nil) }

    @Test(arguments: [
        "2026-11-22T11:30:00+02:00", "2026-11-22 04:00:00.000417-05:30", "2026-11-22 11:30:00+0200",
        "2026-11-22 11:30:00 +02", "2026-11-22T09:30", "2026-11-22 09:30Z", "2026-11-22 09:30:00Z",
    ])
    func `A foreign text: accepted with another zone, and without seconds`(_ text: String) {
        #expect(Timestamp(parsingForeign: text)?.description == "2026-11-22T09:30:00.000Z")
    }

    @Test(arguments: [
        "2026-11-22 09:30:00+", "2026-11-22 09:30:00+2", "2026-11-22 09:30:00+19:00", "2026-11-22 09:30:00+02:60",
        "2026-11-22 09:30.5", "2026-11-22 09", "2026-11-22 09:30:00 x", "2026-11-22 09:30:00Z Z",
    ])
    func `A foreign text that is no time: refused`(_ text: String) {
        #expect(Timestamp(parsingForeign: text) == nil)
    }
}

@Suite struct RevisionClockTests {
    @Test func `A revision: grows with the clock`() {
        var clock = RevisionClock()
        let first = clock.next(at: Timestamp(milliseconds: 1_000))
        #expect(first == Revision(rawValue: 1_000 << 16))
        #expect(clock.next(at: Timestamp(milliseconds: 1_001)) == Revision(rawValue: 1_001 << 16))
    }

    @Test func `A revision: grows also when the clock stands still or goes back`() {
        var clock = RevisionClock()
        var last = clock.next(at: Timestamp(milliseconds: 5_000))
        for now in [5_000, 4_000, 0, -7, 5_000] as [Int64] {
            let next = clock.next(at: Timestamp(milliseconds: now))
            #expect(next > last)
            last = next
        }
    }

    @Test func `A revision: above the one after which its clock begins`() {
        let far = Revision(at: Timestamp(milliseconds: 9_000_000))
        var clock = RevisionClock(after: far)
        #expect(clock.next(at: Timestamp(milliseconds: 1_000)) > far)
    }

    /// 48 bits of milliseconds, 10 of counter, 6 of host.
    @Test func `The revisions of a host: end in its number, and no other host has them`() {
        var clocks = [0, 1, 37, 63].map { RevisionClock(host: $0) }
        var issued: Set<Revision> = []
        for index in clocks.indices {
            var last = Revision.none
            for count in 0..<3_000 {
                let next = clocks[index].next(at: Timestamp(milliseconds: 5))
                #expect(next > last && next.rawValue & 63 == Int64(clocks[index].host))
                #expect(next.rawValue >> 6 == 5 << 10 + Int64(count))
                last = next
                issued.insert(next)
            }
        }
        #expect(issued.count == 12_000)
        // A full counter carries over into the milliseconds.
        #expect(Revision(rawValue: 5 << 16 + 0x3FF << 6).following(host: 2) == Revision(rawValue: 6 << 16 + 2))
    }
}

@Suite struct NicknameTests {
    @Test(arguments: [
        ("Pump", "Pump"), ("  Main \t compressor\n2 ", "Main compressor 2"), ("e\u{301}tau", "\u{E9}tau"),
        ("مضخة ١", "مضخة ١"),
        ("👩‍🔧🔧", "👩‍🔧🔧"), (String(repeating: "👨‍👩‍👧‍👦", count: 40), String(repeating: "👨‍👩‍👧‍👦", count: 40)),
        (String(repeating: "e\u{301}", count: 100), String(repeating: "\u{E9}", count: 100)),
    ])
    func `A nickname: normalized to its stored form`(_ text: String, _ expected: String) throws {
        let nickname = try Nickname.normalized(text)
        #expect(Array(nickname.unicodeScalars) == Array(expected.unicodeScalars))
    }

    @Test(arguments: [
        "", " ", "P", " P ", "P\u{0}ump", "P\u{1B}[31mump", String(repeating: "x", count: 101), "🔧",
        String(repeating: "👨‍👩‍👧‍👦", count: 41), "xy" + String(repeating: "\u{363}", count: 500),
    ])
    func `A nickname out of its rules: refused`(_ text: String) {
        #expect { try Nickname.normalized(text) } throws: { error in
            (error as? RPCError)?.code == .invalidArgument && (error as? RPCError)?.field == "nickname"
        }
    }

    @Test(arguments: [("Pump", "PUMP"), ("Straße", "STRASSE"), ("ΣΊΣΥΦΟΣ", "σίσυφος"), ("\u{C5}", "a\u{30A}")])
    func `Nicknames that differ in case: the same when folded`(_ first: String, _ second: String) {
        #expect(Nickname.folded(first) == Nickname.folded(second))
    }

    @Test func `A numbered nickname: stays within its bounds`() {
        #expect(Nickname.numbered("Pump", 2) == "Pump (2)")
        // A suggestion has its stored form; otherwise a nickname reported as free might be in use.
        let cut = Nickname.numbered(String(repeating: "x", count: 95) + " yyyy", 2)
        #expect(cut == String(repeating: "x", count: 95) + " (2)")
        #expect(Nickname.numbered(String(repeating: "x", count: 100), 12).count == 100)
        let long = Nickname.numbered(String(repeating: "👨‍👩‍👧‍👦", count: 40), 12)
        #expect(long.utf8.count <= 1_000 && long.hasSuffix(" (12)"))
    }
}
