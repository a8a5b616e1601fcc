import Glibc

/// A metrics file for another program, such as node-exporter, which may read it at any moment.
struct MetricsFile {
    var path: String

    /// Replaces the file with a new one of `lines` in one step, so that a reader always sees a complete file.
    ///
    /// Every user can read the file (mode 0644). It is not synced: after a power loss the next run writes it again.
    ///
    /// - Throws: with the cause and the next step; the old file is unchanged then.
    func replace(with lines: [String]) throws(CommandFailure) {
        // Run by root, a rename over /dev/null would replace the device for all programs.
        var status = stat()
        if lstat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
            throw failure("it is no regular file", nextStep: "Name a file, or leave --output out")
        }
        // In the same directory, since a rename cannot cross file systems. The name does not end in .prom, so
        // node-exporter does not read it.
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
        // A network file system may report only at close() that it is full.
        if close(descriptor) != 0, code == 0 { code = errno }
        if code == 0, rename(temporary, path) != 0 { code = errno }
        return code
    }

    private func failure(code: Int32) -> CommandFailure {
        let nextStep =
            switch code {
            case ENOENT, ENOTDIR: "Does the directory exist? The package prometheus-node-exporter creates its own"
            case EACCES, EPERM, EROFS: "This user must be able to write to its directory"
            case ENOSPC, EDQUOT: "Make room on its file system"
            default: "Check its directory and file system"
            }
        return failure(String(cString: strerror(code)), nextStep: nextStep)
    }

    private func failure(_ cause: String, nextStep: String) -> CommandFailure {
        CommandFailure(
            "the metrics could not be written to \(path): \(cause)", nextStep: nextStep, exitCode: ExitCodes.output)
    }
}
