import Glibc

/// A file of metrics for another program, such as node-exporter, that may read it at any moment.
struct MetricsFile {
    var path: String

    /// Puts a new file of `lines` in the place of the old one in one step, so that a reader finds either of them whole. It
    /// can be read by everybody (mode 0644). It is not synced: after a power loss the next run writes it again.
    ///
    /// - Throws: with the cause and the next step; the old file is as it was then.
    func replace(with lines: [String]) throws(CommandFailure) {
        // As root, a rename over /dev/null would take the device from everybody.
        var status = stat()
        if lstat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
            throw failure("it is no regular file", nextStep: "Name a file, or leave --output out")
        }
        // Beside it, since a rename does not cross file systems; with a name that node-exporter, which reads *.prom, leaves
        // alone.
        var template = Array((path + ".XXXXXX").utf8CString)
        let descriptor = mkstemp(&template)
        guard descriptor >= 0 else { throw failure(code: errno) }
        let temporary = template.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
        let code = fill(descriptor, lines, temporary)
        guard code == 0 else {
            unlink(temporary)
            throw failure(code: code)
        }
    }

    /// - Returns: 0, or the error code. `descriptor` is closed.
    private func fill(_ descriptor: Int32, _ lines: [String], _ temporary: String) -> Int32 {
        var code = Output.write(lines.map { $0 + "\n" }.joined(), to: descriptor)
        if code == 0, fchmod(descriptor, 0o644) != 0 { code = errno }
        // A file system over the network may tell only here that there is no room.
        if close(descriptor) != 0, code == 0 { code = errno }
        if code == 0, rename(temporary, path) != 0 { code = errno }
        return code
    }

    private func failure(code: Int32) -> CommandFailure {
        let nextStep =
            switch code {
            case ENOENT, ENOTDIR: "Is there such a directory? prometheus-node-exporter makes its own"
            case EACCES, EPERM, EROFS: "Its directory must be writable for this user"
            case ENOSPC, EDQUOT: "Make room on its file system"
            default: "Look at its directory and file system"
            }
        return failure(String(cString: strerror(code)), nextStep: nextStep)
    }

    private func failure(_ cause: String, nextStep: String) -> CommandFailure {
        CommandFailure(
            "the metrics could not be written to \(path): \(cause)", nextStep: nextStep, exitCode: ExitCodes.output)
    }
}
