import Testing

@testable import Wire

@Suite struct PeerPolicyTests {
    private func admits(
        _ user: UInt32, group: UInt32 = 50, socketGroup: UInt32? = 7, others: [UInt32] = [], own: UInt32 = 100,
        named: NamedIDs = NamedIDs()
    ) -> Bool {
        PeerPolicy(ownUserID: own, named: named).admits(
            PeerCredentials(processID: 1, userID: user, groupID: group), socketGroup: { socketGroup },
            supplementaryGroups: { others })
    }

    @Test func `Root and the service's own user: may call`() {
        #expect(admits(0, socketGroup: nil))
        #expect(admits(100, socketGroup: nil))
    }

    @Test func `Members of the socket's group: may call`() {
        #expect(admits(200, group: 7))
        #expect(admits(200, others: [6, 7]))
    }

    @Test func `Other users: may not call`() {
        #expect(!admits(200))
        #expect(!admits(200, others: [6, 8]))
        #expect(!admits(200, group: 7, socketGroup: nil))
    }

    /// 65534 is the overflow ID there: it stands for every unmapped user, and would be a member of every group.
    @Test func `The overflow ID in a namespace that maps few IDs: identifies no user and no group`() {
        let few = NamedIDs(anyOtherUser: 65_534, anyOtherGroup: 65_534)
        #expect(admits(65_534, group: 7, named: few))
        #expect(admits(65_534, group: 65_534, others: [65_534, 7], named: few))
        #expect(!admits(65_534, group: 65_534, socketGroup: 65_534, named: few))
        #expect(!admits(65_534, group: 50, socketGroup: 65_534, others: [65_534], named: few))
        #expect(!admits(65_534, own: 65_534, named: few))
        #expect(admits(0, named: few))
        #expect(admits(100, named: few))
        // With a full map, 65534 is an ID like any other.
        #expect(admits(65_534, own: 65_534))
        #expect(admits(200, group: 65_534, socketGroup: 65_534))
    }

    @Test func `A map of all IDs: recognized as complete`() {
        #expect(NamedIDs.isWhole(map: "         0          0 4294967295\n"))
        #expect(!NamedIDs.isWhole(map: "0 0 1\n1000 1000 1\n"))
        #expect(!NamedIDs.isWhole(map: "0 100000 65536\n"))
        #expect(!NamedIDs.isWhole(map: ""))
    }
}
