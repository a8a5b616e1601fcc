import Foundation
import Glibc

/// The real nginx before one webhook, with the configuration that Rivet documents.
///
/// Unlike an operator's nginx it has no TLS and no certificate, runs as a single process, and listens on a Unix socket.
public final class NginxProxy: Sendable {
    /// The socket that takes Telegram's requests, in place of a port with TLS.
    public let socketPath: String
    private let process: ChildProcess

    /// Starts nginx with `systemd/nginx.conf`, in which the parts that an operator replaces are replaced.
    ///
    /// - Parameters:
    ///   - path: the path of the webhook's address.
    ///   - receiver: the gateway's socket; no process needs to listen there yet.
    public init(path: String, receiver: String, in directory: TestDirectory) throws {
        socketPath = directory.path + "/nginx.sock"
        let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/../.."
        var site = try String(contentsOfFile: repository + "/systemd/nginx.conf", encoding: .utf8)
        for (documented, own) in [
            ("listen 443 ssl;", "listen unix:\(socketPath);"), ("unix:/run/rivet/webhook.sock", "unix:\(receiver)"),
            ("location = /telegram ", "location = \(path) "),
        ] {
            guard site.contains(documented) else {
                throw ChildProcess.Failure(description: "systemd/nginx.conf has no “\(documented)”")
            }
            site = site.replacing(documented, with: own)
        }
        site = site.split(separator: "\n").filter { !$0.contains("ssl_certificate") }.joined(separator: "\n")
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map {
            "\($0)_temp_path \(directory.path)/nginx-\($0);"
        }
        // A single process, which ends with the test.
        try directory.write(
            """
            daemon off;
            master_process off;
            pid \(directory.path)/nginx.pid;
            error_log stderr;
            events {}
            http {
            access_log \(directory.path)/nginx-access.log;
            \(temporary.joined(separator: "\n"))
            \(site)
            }
            """, to: "nginx.conf")
        process = try ChildProcess(
            "/usr/sbin/nginx", arguments: ["-e", "stderr", "-p", directory.path, "-c", directory.path + "/nginx.conf"],
            environment: [:], log: directory.path + "/nginx.log")
        let end = ContinuousClock.now + .seconds(20)
        while access(socketPath, F_OK) != 0 {
            guard process.isRunning, .now < end else {
                let log = try String(contentsOfFile: directory.path + "/nginx.log", encoding: .utf8)
                throw ChildProcess.Failure(description: "nginx does not listen: \(log)")
            }
            usleep(1_000)
        }
    }
}
