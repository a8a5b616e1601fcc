import Testing

@testable import Wire

@Suite struct PeerPolicyTests {
    private func admits(_ user: UInt32, group: UInt32 = 50, socketGroup: UInt32? = 7, others: [UInt32] = []) -> Bool {
        PeerPolicy(ownUserID: 100).admits(
            PeerCredentials(processID: 1, userID: user, groupID: group), socketGroup: { socketGroup },
            supplementaryGroups: { others })
    }

    @Test func rootAndTheServiceItselfMayCall() {
        #expect(admits(0, socketGroup: nil))
        #expect(admits(100, socketGroup: nil))
    }

    @Test func membersOfTheSocketsGroupMayCall() {
        #expect(admits(200, group: 7))
        #expect(admits(200, others: [6, 7]))
    }

    @Test func othersMayNot() {
        #expect(!admits(200))
        #expect(!admits(200, others: [6, 8]))
        #expect(!admits(200, group: 7, socketGroup: nil))
    }
}
