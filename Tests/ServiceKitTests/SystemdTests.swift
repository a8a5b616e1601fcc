import Foundation
import Glibc
import Systemd
import TestSupport
import Testing

/// systemd and a process talk through its environment and its descriptors, so each test runs in its own process.
@Suite struct SystemdTests {
    @Test func `The manager: gets one datagram for each message`() async {
        await #expect(processExitsWith: .success) {
            let directory = try TestDirectory()
            let path = directory.path + "/notify"
            let manager = try ServiceManager.socket(at: path)
            setenv("NOTIFY_SOCKET", path, 1)
            let notifier = ServiceNotifier()
            notifier.ready(status: "sqlite up\nREADY=0")
            notifier.status("two\nlines")
            notifier.stopping()
            #expect(receive(manager) == "READY=1\nSTATUS=sqlite up READY=0")
            #expect(receive(manager) == "STATUS=two lines")
            #expect(receive(manager) == "STOPPING=1\nSTATUS=stopping: finishing what was taken")
            #expect(receive(manager) == nil)
        }
    }

    @Test func `A notifier without a manager: does nothing`() async {
        await #expect(processExitsWith: .success) {
            unsetenv("NOTIFY_SOCKET")
            ServiceNotifier().ready(status: "ready")
            setenv("NOTIFY_SOCKET", "/nonexistent/notify", 1)
            ServiceNotifier().status("nobody listens")
        }
    }

    @Test func `Inherited sockets: found by name, and not passed on`() async {
        await #expect(processExitsWith: .success) {
            // Descriptor 3 or 4 may be a file that another thread is about to close; then the attempt is repeated.
            try await eventually("both are found, and are not passed on") {
                passSockets(count: 2, names: "rivet-state:rivet-library.socket")
                let sockets = InheritedSockets()
                let found = ["rivet-state", "rivet-library", "rivet"].map { sockets.descriptor(named: $0) }
                return found == [3, 4, nil] && [3, 4].allSatisfy { fcntl($0, F_GETFD) == FD_CLOEXEC }
            }
            #expect(InheritedSockets().descriptor(named: "rivet-state") == nil)
        }
    }

    @Test func `Sockets meant for another process: left alone`() async {
        await #expect(processExitsWith: .success) {
            passSockets(count: 1, names: "rivet-state")
            setenv("LISTEN_PID", "1", 1)
            #expect(InheritedSockets().descriptor(named: "rivet-state") == nil)
        }
    }

    @Test func `A process without systemd: has no inherited sockets`() async {
        await #expect(processExitsWith: .success) {
            for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] { unsetenv(name) }
            #expect(InheritedSockets().descriptor(named: "rivet-state") == nil)
        }
    }
}

/// Makes it look as if systemd had passed descriptors from 3 on to this process.
private func passSockets(count: Int32, names: String) {
    for descriptor in 3..<3 + count where fcntl(descriptor, F_GETFD) == -1 {
        let null = open("/dev/null", O_RDONLY)
        if null != descriptor { dup2(null, descriptor) }
    }
    setenv("LISTEN_PID", "\(getpid())", 1)
    setenv("LISTEN_FDS", "\(count)", 1)
    setenv("LISTEN_FDNAMES", names, 1)
}

/// The next datagram; nil if there is none.
private func receive(_ descriptor: Int32) -> String? {
    var bytes = [UInt8](repeating: 0, count: 4_096)
    let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
    return count >= 0 ? String(decoding: bytes.prefix(count), as: UTF8.self) : nil
}
