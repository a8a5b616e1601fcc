import Glibc

/// The user to whom a service's directory belongs. Root does with this user's rights what it does in that directory: a
/// link that the service could have put there then leads root no further than the service itself, and new files are the
/// service's.
struct DirectoryOwner {
    private let userID: uid_t
    private let groupID: gid_t

    /// - Throws: when there is no such directory, or this process may neither act as its owner nor is it.
    init(of directory: String) throws(CommandFailure) {
        guard let status = FilePath.status(directory) else {
            let code = errno
            throw code == ENOENT
                ? CommandFailure(
                    "\(directory): \(String(cString: strerror(code)))",
                    nextStep:
                        "Is --state-dir or RIVET_STATE_DIR right? If it is, make it: mkdir -m 700 -p \(directory)"
                )
                : FileFailure.of(directory, code)
        }
        (userID, groupID) = (status.st_uid, status.st_gid)
        guard geteuid() == userID || geteuid() == 0 else {
            throw CommandFailure("\(directory) belongs to \(Self.name(of: userID))", nextStep: "Use sudo")
        }
        guard geteuid() == 0, userID != 0 else { return }
        guard let groups = Self.groups() else { throw FileFailure.of(directory, errno) }
        let isPossible = Self.become(userID, groupID, [])
        Self.become(0, getgid(), groups)
        guard isPossible else {
            throw CommandFailure(
                "root cannot act as \(Self.name(of: userID)), to whom \(directory) belongs",
                nextStep: "Run this outside the container or user namespace")
        }
    }

    /// Does `body` with the owner's rights. Of the whole process: nothing else may run beside it.
    func act<Value: ~Copyable, Failure: Error>(_ body: () throws(Failure) -> Value) throws(Failure) -> Value {
        guard geteuid() == 0, userID != 0 else { return try body() }
        guard let groups = Self.groups() else { preconditionFailure("a process may always ask for its groups") }
        let group = getegid()
        precondition(Self.become(userID, groupID, []), "it was possible a moment ago")
        defer { precondition(Self.become(0, group, groups), "root's rights come back") }
        return try body()
    }

    /// The effective user and group, and the further groups. Only root may change groups, so they go first and come back
    /// last.
    @discardableResult
    private static func become(_ userID: uid_t, _ groupID: gid_t, _ groups: [gid_t]) -> Bool {
        if userID == 0 { return seteuid(0) == 0 && setegid(groupID) == 0 && setgroups(groups.count, groups) == 0 }
        return setgroups(groups.count, groups) == 0 && setegid(groupID) == 0 && seteuid(userID) == 0
    }

    /// The further groups of this process; nil, and `errno` is set, when they are not told.
    private static func groups() -> [gid_t]? {
        let count = getgroups(0, nil)
        guard count >= 0 else { return nil }
        var groups = [gid_t](repeating: 0, count: Int(count))
        return getgroups(count, &groups) == count ? groups : nil
    }

    private static func name(of userID: uid_t) -> String {
        guard let user = getpwuid(userID), let name = user.pointee.pw_name else { return "user \(userID)" }
        return String(cString: name)
    }
}
