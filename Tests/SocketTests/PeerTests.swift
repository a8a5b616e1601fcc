import Foundation
import Glibc
import TestSupport
import Testing

private var canBeSomebodyElse: Bool {
    geteuid() == 0 && access("/usr/bin/perl", X_OK) == 0 && access("/usr/bin/setpriv", X_OK) == 0
}

/// The users who may call: real users, in the machine's user namespace and in one like that of systemd's
/// `PrivateUsers=yes`.
@Suite(.withProcesses, .enabled(if: canBeSomebodyElse, "needs root, perl and setpriv"))
struct PeerTests {
    private static let (owner, caller, group, otherGroup) = (64_101, 64_102, 64_201, 64_202)

    /// A service that runs as the user `owner`, and its directory.
    private struct Service {
        let directory: TestDirectory
        let process: ChildProcess
        var socket: String { directory.path + "/run/state.sock" }
        var log: String { (try? String(contentsOfFile: directory.path + "/log", encoding: .utf8)) ?? "" }

        /// - Parameter isPrivate: whether it runs in a user namespace that maps only root, `owner` and `group`.
        init(isPrivate: Bool, socketGroup: Int) async throws {
            directory = try TestDirectory()
            chmod(directory.path, 0o711)
            for name in ["state", "run"] {
                try FileManager.default.createDirectory(
                    atPath: "\(directory.path)/\(name)", withIntermediateDirectories: false)
                chown("\(directory.path)/\(name)", uid_t(PeerTests.owner), gid_t(PeerTests.group))
                chmod("\(directory.path)/\(name)", 0o711)
            }
            let environment = [
                "RIVET_STATE_DIR": directory.path + "/state", "RIVET_RUNTIME_DIR": directory.path + "/run",
            ]
            // This process must keep its capabilities in the namespace until it changes its user; an exec, as
            // unshare(1) does one, would drop them. So unshare(2) is called by its number.
            let script = #"""
                use POSIX; my ($private, $directory, $user, $group, @program) = @ARGV;
                if ($private) {
                    my $number = (POSIX::uname())[4] eq "aarch64" ? 97 : 272;
                    syscall($number, 0x10000000) == 0 or die "unshare: $!";
                    open(my $file, ">", "$directory/unshared") or die; close($file);
                    until (-e "$directory/mapped") { select(undef, undef, undef, 0.002) }
                }
                $) = "$group $group"; $( = $group; POSIX::setgid($group); POSIX::setuid($user); exec(@program);
                """#
            process = try ChildProcess(
                "/usr/bin/perl",
                arguments: [
                    "-e", script, isPrivate ? "1" : "", directory.path, "\(PeerTests.owner)", "\(PeerTests.group)",
                    RivetBinary.state.path,
                ], environment: environment, log: directory.path + "/log")
            if isPrivate { try await map() }
            let (logPath, process) = (directory.path + "/log", process)
            // The socket file exists before the service has set its mode, so the test waits for the log instead of the
            // file.
            try await eventually("the service is ready") {
                guard process.isRunning else {
                    throw ChildProcess.Failure(description: "it ended with \(process.wait())")
                }
                return (try? String(contentsOfFile: logPath, encoding: .utf8))?.contains(" ready") ?? false
            }
            chown(socket, uid_t(PeerTests.owner), gid_t(socketGroup))
            // With this mode the kernel lets every user connect: only the service decides.
            chmod(socket, 0o666)
        }

        private func map() async throws {
            try await eventually("the namespace is there") { access(directory.path + "/unshared", F_OK) == 0 }
            for (file, id) in [("uid_map", PeerTests.owner), ("gid_map", PeerTests.group)] {
                let descriptor = open("/proc/\(process.processID)/\(file)", O_WRONLY)
                let text = "0 0 1\n\(id) \(id) 1\n"
                let written = write(descriptor, text, text.utf8.count)
                close(descriptor)
                guard written == text.utf8.count else { throw ChildProcess.Failure(description: "\(file): \(errno)") }
            }
            try directory.write("", to: "mapped")
        }

        /// Whether the service lets a user call.
        func admits(user: Int, group: Int, others: [Int] = []) throws -> Bool {
            let log = "\(directory.path)/call-\(UUID().uuidString)"
            let groups = others.isEmpty ? "--clear-groups" : "--groups=" + others.map { "\($0)" }.joined(separator: ",")
            let code = try ChildProcess(
                "/usr/bin/setpriv",
                arguments: [
                    "--reuid=\(user)", "--regid=\(group)", groups, RivetBinary.control.path, "show", "conversation",
                    "1",
                    "--json", "--timeout", "700ms",
                ], environment: ["RIVET_RUNTIME_DIR": directory.path + "/run"], log: log
            ).wait()
            let text = try String(contentsOfFile: log, encoding: .utf8)
            // A refused caller sees closed connections until its time is over; any other failure is an error of the
            // test.
            if code != 0, !text.contains("did not answer within"), !text.contains("connection") {
                throw ChildProcess.Failure(description: text)
            }
            return code == 0
        }
    }

    @Test(arguments: [false, true])
    func `Members of the socket's group: may call, and other users may not`(_ isPrivate: Bool) async throws {
        let service = try await Service(isPrivate: isPrivate, socketGroup: Self.group)
        #expect(try service.admits(user: 0, group: 0))
        #expect(try service.admits(user: Self.owner, group: Self.otherGroup))
        #expect(try service.admits(user: Self.caller, group: Self.group))
        #expect(try service.admits(user: Self.caller, group: Self.otherGroup, others: [Self.group]))
        #expect(try !service.admits(user: Self.caller, group: Self.otherGroup, others: [Self.otherGroup]))
        #expect(service.log.contains("connection refused: the user may not call"))
    }

    /// A group that is not mapped there: its members cannot be distinguished from other users, so they are refused,
    /// too.
    @Test func `A group that is not mapped: its members may not call`() async throws {
        let service = try await Service(isPrivate: true, socketGroup: Self.otherGroup)
        #expect(try service.admits(user: 0, group: 0))
        #expect(try service.admits(user: Self.owner, group: Self.group))
        #expect(try !service.admits(user: Self.caller, group: Self.otherGroup))
        #expect(try !service.admits(user: Self.caller, group: 64_299))
    }
}
