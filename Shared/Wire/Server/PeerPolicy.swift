/// Decides which users may call: root, the service's own user, and the members of its socket's group.
struct PeerPolicy {
    let ownUserID: UInt32
    let named: NamedIDs

    init(ownUserID: UInt32, named: NamedIDs = NamedIDs()) {
        self.ownUserID = ownUserID
        self.named = named
    }

    /// Whether `peer` may call.
    ///
    /// The two closures make system calls. They are called only when the user id alone does not decide.
    /// - Parameter socketGroup: the socket file's current group, nil when there is no file.
    /// - Parameter supplementaryGroups: the peer's groups other than its primary one.
    func admits(
        _ peer: PeerCredentials, socketGroup: () -> UInt32?, supplementaryGroups: () -> [UInt32]
    ) -> Bool {
        if peer.userID == 0 { return true }
        if peer.userID == ownUserID, peer.userID != named.anyOtherUser { return true }
        guard let group = socketGroup(), group != named.anyOtherGroup else { return false }
        return peer.groupID == group || supplementaryGroups().contains(group)
    }
}
