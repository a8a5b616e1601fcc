import Foundation
import Glibc

/// How the systemd of a container reads settings files: it starts a process with each file, which writes its
/// environment to a file.
struct SystemdOracle {
    private static let directory = "/run/rivet-oracle"

    let container: Container

    /// The number of the version, such as 257.
    func version() async throws -> Int {
        let text = try await container.must("systemctl --version")
        guard let number = text.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
            throw Container.Failure(description: "no version in \(text)")
        }
        return number
    }

    /// The variables of each file, all in one batch; nil for a file that systemd refuses.
    /// - Parameter isOptional: whether the unit has `EnvironmentFile=-`.
    func variables(of files: [[UInt8]], isOptional: Bool = false) async throws -> [[String: String]?] {
        try await container.must("rm -rf \(Self.directory); mkdir -p \(Self.directory)/in \(Self.directory)/out")
        // One more file, which is empty: the variables in its environment come from no file.
        for (index, file) in (files + [[]]).enumerated() {
            try Data(file).write(to: URL(fileURLWithPath: container.path("\(Self.directory)/in/\(index)")))
        }
        try container.write(
            """
            [Unit]
            DefaultDependencies=no
            [Service]
            Type=oneshot
            EnvironmentFile=\(isOptional ? "-" : "")\(Self.directory)/in/%i
            ExecStart=/bin/cp /proc/self/environ \(Self.directory)/out/%i
            """, to: "/run/systemd/system/rivet-oracle@.service")
        // It fails if one of the processes does.
        try await container.must(
            """
            systemctl daemon-reload
            cd \(Self.directory)/in
            systemctl start $(ls | sed 's/.*/rivet-oracle@&/') >/dev/null 2>&1 || :
            """)
        guard let own = try environment(files.count) else {
            throw Container.Failure(description: "systemd started no process with an empty file")
        }
        return try files.indices.map { index in
            try environment(index)?.filter { own[$0.key] == nil }
        }
    }

    private func environment(_ index: Int) throws -> [String: String]? {
        let path = container.path("\(Self.directory)/out/\(index)")
        guard access(path, F_OK) == 0 else { return nil }
        let assignments = try Data(contentsOf: URL(fileURLWithPath: path)).split(separator: 0).map { bytes in
            guard let text = String(validating: bytes, as: UTF8.self), let separator = text.firstIndex(of: "=") else {
                throw Container.Failure(description: "\(index) is no environment")
            }
            return (String(text[..<separator]), String(text[text.index(after: separator)...]))
        }
        return Dictionary(assignments) { $1 }
    }
}
