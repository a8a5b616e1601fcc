import Glibc

/// The user who owns a service's directory.
///
/// Root acts with this user's rights in that directory. So a link that the service may have put there leads root only
/// where the service itself may go, and new files belong to the service.
struct DirectoryOwner {
    private let userID: uid_t
    private let groupID: gid_t

    /// - Throws: when there is no such directory, or when this process is not its owner and cannot act as its owner.
    init(of directory: String) throws(CommandFailure) {
        guard let status = FilePath.status(directory) else {
            let code = errno
            throw code == ENOENT
                ? CommandFailure(
                    "\(directory): \(String(cString: strerror(code)))",
                    nextStep:
                        "Is --state-dir or RIVET_STATE_DIR right? If it is, create it: mkdir -m 700 -p \(directory)"
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
                "root cannot act as \(Self.name(of: userID)), the owner of \(directory)",
                nextStep: "Run this outside the container or user namespace")
        }
    }

    /// Runs `body` with the owner's rights. The whole process has them then, so no other code may run meanwhile.
    func act<Value: ~Copyable, Failure: Error>(_ body: () throws(Failure) -> Value) throws(Failure) -> Value {
        guard geteuid() == 0, userID != 0 else { return try body() }
        guard let groups = Self.groups() else { preconditionFailure("getgroups() failed") }
        let group = getegid()
        precondition(Self.become(userID, groupID, []), "cannot become the owner, although init() could")
        defer { precondition(Self.become(0, group, groups), "cannot become root again") }
        return try body()
    }

    /// Sets the effective user and group, and the supplementary groups. Only root may change groups. So this changes
    /// them before it gives up root's rights, or after it regains them.
    @discardableResult
    private static func become(_ userID: uid_t, _ groupID: gid_t, _ groups: [gid_t]) -> Bool {
        if userID == 0 { return seteuid(0) == 0 && setegid(groupID) == 0 && setgroups(groups.count, groups) == 0 }
        return setgroups(groups.count, groups) == 0 && setegid(groupID) == 0 && seteuid(userID) == 0
    }

    /// The supplementary groups of this process; nil, with `errno` set, if the system call fails.
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
