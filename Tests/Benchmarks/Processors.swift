import Foundation
import TestSupport

/// The processors that processes may use: sched_setaffinity(2), by taskset(1).
enum Processors {
    struct Failure: Error { var message: String }

    /// The processors of this process, as a list of numbers.
    static func usable() throws -> [Int] {
        let name = "Cpus_allowed_list:"
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix(name) }) else { return [] }
        return line.dropFirst(name.count).split(separator: ",").flatMap { part in
            let ends = part.split(separator: "-").compactMap { Int($0.trimmingCharacters(in: .whitespaces)) }
            return ends.isEmpty ? [] : Array(ends[0]...ends[ends.count - 1])
        }
    }

    /// Confines all threads of `processes`, and those that they will start, to `processors`.
    static func confine(_ processes: [Int32], to processors: some Sequence<Int>) throws {
        let list = processors.map(String.init).joined(separator: ",")
        for process in processes {
            let taskset = try ChildProcess(
                "/usr/bin/taskset", arguments: ["--all-tasks", "--pid", "--cpu-list", list, "\(process)"],
                environment: [:], log: "/dev/null")
            guard taskset.wait() == 0 else { throw Failure(message: "taskset refused processors \(list)") }
        }
    }
}
