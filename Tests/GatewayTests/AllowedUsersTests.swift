import ServiceKit
import Testing

@testable import Gateway

/// Every setting, with every list that may be in force or stored.
@Suite struct AllowedUsersTests {
    private static let (listed, stranger, group, supergroup): (Int64, Int64, Int64, Int64) = (7, 8, -5, -1_005)
    private static let list = AllowedUsers(.only([listed, group]), successors: [group: supergroup])
    private static let settings: [AllowedUsersSetting] = [.missing, .everyone, .ids([9])]
    private static let remembered: [AllowedUsers.Remembered] = [
        .nothing, .known(.everyone), .known(list), .known(.none), .unreadable(reason: "x"),
    ]

    @Test func `A start: the list in force, for each setting and each stored list`() {
        let nine = AllowedUsers(.only([9]))
        let expected: [[AllowedUsers]] = [
            // .missing, .everyone, .ids
            [.everyone, .everyone, nine],
            [.everyone, .everyone, nine],
            [
                Self.list, AllowedUsers(.everyone, successors: Self.list.successors),
                AllowedUsers(.only([9]), successors: Self.list.successors),
            ],
            [.none, .everyone, nine],
            [.none, .everyone, nine],
        ]
        for (row, remembered) in Self.remembered.enumerated() {
            for (column, setting) in Self.settings.enumerated() {
                #expect(AllowedUsers.atStart(setting, remembered) == expected[row][column], "\(remembered), \(setting)")
            }
        }
    }

    @Test func `A reload: a list stays until another one or a star replaces it`() {
        for earlier in [AllowedUsers.everyone, Self.list, .none] {
            #expect(earlier.after(.missing) == earlier)
            #expect(earlier.after(.everyone) == AllowedUsers(.everyone, successors: earlier.successors))
            #expect(earlier.after(.ids([9])) == AllowedUsers(.only([9]), successors: earlier.successors))
        }
    }

    /// For all settings in any order: everyone is let in only after a star, or if there was never a list.
    @Test func `Any sequence of three settings: open only if the last one that was set is a star`() {
        for first in Self.remembered {
            for one in Self.settings {
                for two in Self.settings {
                    for three in Self.settings {
                        let allowed = AllowedUsers.atStart(one, first).after(two).after(three)
                        let found = [one, two, three].last { $0 != .missing }
                        let wasOpen = [.nothing, .known(.everyone)].contains(first)
                        #expect((allowed.rule == .everyone) == (found.map { $0 == .everyone } ?? wasOpen))
                    }
                }
            }
        }
    }

    @Test func `The people let in: listed users everywhere, people of a listed group only there`() {
        #expect(Self.list.admits(Self.listed, in: Self.listed))
        #expect(Self.list.admits(Self.listed, in: -77))
        #expect(Self.list.admits(Self.listed, in: nil))
        #expect(Self.list.admits(Self.stranger, in: Self.group))
        #expect(Self.list.admits(Self.stranger, in: Self.supergroup))
        #expect(!Self.list.admits(Self.stranger, in: Self.stranger))
        #expect(!Self.list.admits(Self.stranger, in: -77))
        #expect(!Self.list.admits(Self.stranger, in: nil))
        // No user has a group's id.
        #expect(!Self.list.admits(Self.group, in: Self.stranger))
        // A listed user's private chat is not a group.
        #expect(!Self.list.admits(Self.stranger, in: Self.listed))
        #expect(AllowedUsers.everyone.admits(Self.stranger, in: nil))
        #expect(!AllowedUsers.none.admits(Self.stranger, in: Self.group))
    }

    @Test func `A group that becomes a supergroup: let in under both ids, even along a chain and in a circle`() {
        var allowed = AllowedUsers(.only([-1]))
        let changes = [(-1, -10), (-1, -10), (-10, -20), (-20, -1)].map { allowed.migrated(from: $0.0, to: $0.1) }
        #expect(changes == [true, false, true, true])
        for chat: Int64 in [-1, -10, -20] { #expect(allowed.admits(7, in: chat)) }
        #expect(!allowed.admits(7, in: -30))
        // Another list keeps the migrations, and lets in the groups that it names.
        let other = allowed.after(.ids([5]))
        #expect(!other.admits(7, in: -10))
        #expect(other.after(.ids([-1])).admits(7, in: -20))
    }

    @Test(arguments: [(-2, -10), (-1, 10), (1, -10), (-1, -1), (5, 5)] as [(Int64, Int64)])
    func `A migration of an unlisted group, or an impossible one: changes nothing`(_ old: Int64, _ new: Int64) {
        var allowed = AllowedUsers(.only([-1, 5]))
        let before = allowed
        var everyone = AllowedUsers.everyone
        let changes = [allowed.migrated(from: old, to: new), everyone.migrated(from: -1, to: -10)]
        #expect(changes == [false, false] && allowed == before && everyone == .everyone)
    }

    @Test func `The number of migrations: bounded`() {
        var allowed = AllowedUsers(.only([-1]))
        var last: Int64 = -1
        for number in 0..<2 * Int64(AllowedUsers.successorsMax) {
            if allowed.migrated(from: last, to: -100 - number) { last = -100 - number }
        }
        #expect(allowed.successors.count == AllowedUsers.successorsMax)
        #expect(allowed.admits(7, in: last))
    }

    @Test func `The intersection of two lists: lets in only people whom both let in`() {
        let rules: [AllowedUsers] = [
            .everyone, .none, Self.list, AllowedUsers(.only([7])), AllowedUsers(.only([8, -5])),
        ]
        for one in rules {
            for other in rules {
                let both = one.intersection(other)
                for user: Int64 in [7, 8, 9] {
                    for chat: Int64 in [user, -5, -77] where both.admits(user, in: chat) {
                        #expect(one.admits(user, in: chat) && other.admits(user, in: chat))
                    }
                }
                #expect((both.rule == .everyone) == (one.rule == .everyone && other.rule == .everyone))
            }
        }
    }

    // MARK: The file

    @Test(arguments: [AllowedUsers.everyone, .none, list, AllowedUsers(.only([.max, .min]))])
    func `The form of the file: read as written, and refused with any byte changed or missing`(
        _ allowed: AllowedUsers
    ) {
        let bytes = AllowListFile.bytes(allowed)
        #expect(AllowListFile.allowed(bytes) == allowed)
        for position in bytes.indices {
            #expect(AllowListFile.allowed(Array(bytes[..<position])) == nil)
            for bit: UInt8 in [1, 4, 32] {
                var damaged = bytes
                damaged[position] ^= bit
                #expect(AllowListFile.allowed(damaged) == nil, "\(position)")
            }
        }
        #expect(AllowListFile.allowed(bytes + bytes) == nil)
        #expect(AllowListFile.allowed([]) == nil)
    }
}
