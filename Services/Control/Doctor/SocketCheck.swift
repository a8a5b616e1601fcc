import Glibc
import ServiceKit

/// Checks that root, the services and the group may call the sockets, and that no other user may.
struct SocketCheck {
    var settings: Settings

    func findings() -> [Finding] {
        let findings = RivetService.allCases.flatMap { ofSocket("\(settings.runtimeDirectory)/\($0.socketName).sock") }
        let troubles = findings.filter { $0.level != .ok }
        if !troubles.isEmpty || findings.isEmpty { return troubles }
        return [.ok("sockets", "root, the services and the group \(group ?? "?") may call")]
    }

    private var group: String? { FileGroup.name(of: "\(settings.runtimeDirectory)/state.sock") }

    /// No finding for a missing socket: ``ServiceCheck`` reports a service that does not answer.
    private func ofSocket(_ path: String) -> [Finding] {
        var status = stat()
        guard lstat(path, &status) == 0 else { return [] }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            return [.failure("sockets", "\(path) is not a socket", nextStep: "Remove it, then restart the service")]
        }
        let mode = status.st_mode & 0o777
        if mode & 0o007 != 0 {
            return [
                .warning(
                    "sockets", "other users may connect to \(path) (mode \(String(mode, radix: 8)))",
                    nextStep: "chmod 660 \(path); under systemd SocketMode=0660")
            ]
        }
        if mode & 0o060 != 0o060 {
            return [
                .warning(
                    "sockets", "its group may not connect to \(path) (mode \(String(mode, radix: 8)))",
                    nextStep: "chmod 660 \(path); under systemd SocketMode=0660")
            ]
        }
        return [.ok("sockets", path)]
    }
}
