import FoundationEssentials
import Glibc
import Persistence
import ServiceKit

/// Checks whether the local disk has room, can be written and synced, and is fast enough.
struct DiskCheck {
    static let freeBytesMin: UInt64 = 256 << 20
    static let freeInodesMin: UInt64 = 1_000
    /// The longest acceptable sync. A save waits for one sync.
    static let syncMax = Duration.milliseconds(50)
    static let syncs = 9
    /// Above this size a log is examined. Without a long-running reader, a service's log stays smaller.
    static let logBytesLooked = 32 << 20

    var settings: Settings

    /// One or more findings for each directory of databases.
    func findings() -> [Finding] {
        var seen: Set<String> = []
        return LocalDatabase.all.flatMap { database -> [Finding] in
            let path = database.path(settings)
            let directory = database.directory(settings)
            return (seen.insert(directory).inserted ? ofDirectory(directory, database.service) : [])
                + ofFile(path, directory, database)
        }
    }

    private func ofDirectory(_ directory: String, _ service: RivetService) -> [Finding] {
        var status = stat()
        guard stat(directory, &status) == 0 else {
            let code = errno
            guard code != EACCES else { return [Self.hidden(directory)] }
            return [
                .failure(
                    "disk", "\(directory): \(String(cString: strerror(code)))",
                    nextStep: "Is --state-dir or RIVET_STATE_DIR right? The services create it when they start")
            ]
        }
        var findings: [Finding] = []
        if status.st_mode & 0o077 != 0 {
            findings.append(
                .warning(
                    "disk", "other users may look into \(directory) (mode \(String(status.st_mode & 0o777, radix: 8)))",
                    nextStep: "chmod 700 \(directory)"))
        }
        findings += Self.space(directory)
        if access(directory, W_OK) != 0 {
            let code = errno
            findings.append(
                code == EACCES
                    ? Self.hidden(directory)
                    : .failure(
                        "disk", "\(directory) cannot be written to: \(String(cString: strerror(code)))",
                        nextStep: "Mount it for writing; does dmesg report a failing disk?"))
        } else {
            findings.append(Self.speed(directory))
        }
        return findings
    }

    private static func hidden(_ directory: String) -> Finding {
        .skipped("disk", "only root may look into \(directory)", nextStep: "Use sudo")
    }

    static func space(_ directory: String) -> [Finding] {
        var disk = statvfs()
        guard statvfs(directory, &disk) == 0 else { return [] }
        var findings: [Finding] = []
        if let free = FilePath.freeBytes(at: directory), free < freeBytesMin {
            findings.append(
                .warning(
                    "disk", "\(free >> 20) MiB are free at \(directory)",
                    nextStep: "Make room: when the disk is full, only memory and the PostgreSQL databases take writes"))
        }
        if disk.f_files > 0, UInt64(disk.f_favail) < freeInodesMin {
            findings.append(
                .warning(
                    "disk", "only \(disk.f_favail) more files can be created at \(directory)", nextStep: "Remove some"))
        }
        if let kind = fileSystem(of: directory), ["tmpfs", "ramfs"].contains(kind) {
            findings.append(
                .failure(
                    "disk", "\(directory) is in memory, not on a disk: a reboot deletes it",
                    nextStep: "Set RIVET_STATE_DIR to a directory on a disk"))
        }
        return findings
    }

    /// The type of the file system of a directory, from /proc/self/mountinfo (proc(5)).
    private static func fileSystem(of directory: String) -> String? {
        var status = stat()
        guard stat(directory, &status) == 0,
            let mounts = try? String(contentsOf: URL(filePath: "/proc/self/mountinfo"), encoding: .utf8)
        else { return nil }
        // What glibc's macros major() and minor() do; Swift cannot import macros with parameters.
        let number = UInt64(status.st_dev)
        let major = number >> 8 & 0xFFF | number >> 32 & 0xFFFF_F000
        let minor = number & 0xFF | number >> 12 & 0xFFFF_FF00
        let device = "\(major):\(minor)"
        for line in mounts.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count > 2, fields[2] == device, let dash = fields.firstIndex(of: "-"), dash + 1 < fields.count
            else { continue }
            return String(fields[dash + 1])
        }
        return nil
    }

    /// Writes and syncs a small file `syncs` times, and reports the median time.
    private static func speed(_ directory: String) -> Finding {
        let path = "\(directory)/.rivetctl-doctor-\(getpid())"
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { return failure(path, "make", errno) }
        defer {
            close(file)
            unlink(path)
        }
        let page = [UInt8](repeating: 0, count: 4_096)
        var times: [Duration] = []
        for _ in 0..<syncs {
            let start = ContinuousClock.now
            guard write(file, page, page.count) == page.count else { return failure(path, "write", errno) }
            guard fsync(file) == 0 else { return failure(path, "sync", errno) }
            times.append(.now - start)
        }
        let median = times.sorted()[syncs / 2]
        let text = "\(Int(median / .microseconds(1)).formattedMilliseconds) for a synced write"
        guard median > syncMax else { return .ok("disk", "\(directory): \(text)") }
        return .warning(
            "disk", "\(directory) is slow: \(text)",
            nextStep: "Each save waits for a synced write: is the disk busy with other work, or failing (dmesg)?")
    }

    private static func failure(_ path: String, _ operation: String, _ code: Int32) -> Finding {
        .failure(
            "disk", "cannot \(operation) \(path): \(String(cString: strerror(code)))",
            nextStep: code == ENOSPC ? "Make room on the disk" : "Does dmesg report a failing disk?")
    }

    private static func salvaged(_ file: BrokenFile) -> String {
        switch file.salvaged {
        case nil: "it is not known how many rows of it could be read"
        case 0: "no row of it could be read"
        case 1: "1 row of it could be read and was kept"
        case let count?: "\(count) rows of it could be read and were kept"
        }
    }

    /// A finding for a large log, which names the process that prevents emptying it.
    private static func ofLog(_ path: String) -> [Finding] {
        var log = stat()
        guard stat(path + "-wal", &log) == 0, log.st_size > logBytesLooked else { return [] }
        let size = "the log of \(path) has \(log.st_size >> 20) MiB"
        let readers = DatabaseHolder.readers(path)
        guard readers.isEmpty else {
            return [
                .warning(
                    "disk",
                    "\(size) and cannot be emptied: \(readers.joined(separator: ", ")) reads it in one transaction",
                    nextStep: "End that transaction or that program; nothing is lost meanwhile, but the log grows")
            ]
        }
        guard log.st_size > StoreStatus.logBytesMax else { return [] }
        return [
            .warning(
                "disk", "\(size), and no process reads it now",
                nextStep: "A running service shortens it within seconds: look again; dmesg reports a failing disk")
        ]
    }

    private func ofFile(_ path: String, _ directory: String, _ database: LocalDatabase) -> [Finding] {
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).sorted()
        var findings: [Finding] = []
        for file in names.compactMap({ BrokenFile(name: $0, of: database.fileName) }) {
            findings.append(
                .warning(
                    "disk", "\(directory)/\(file.name) was broken and moved aside; \(Self.salvaged(file))",
                    nextStep:
                        "Find the cause (dmesg); keep the file until you miss nothing, then remove it"))
        }
        findings += Self.ofLog(path)
        var (folder, file) = (stat(), stat())
        if stat(directory, &folder) == 0, stat(path, &file) == 0, folder.st_uid != file.st_uid {
            findings.append(
                .failure(
                    "disk", "\(path) does not belong to the owner of its directory",
                    nextStep: "chown --reference=\(directory) \(path)*"))
        }
        return findings
    }
}

extension Int {
    /// Microseconds as milliseconds.
    fileprivate var formattedMilliseconds: String { "\(Double(self / 10) / 100) ms" }
}
