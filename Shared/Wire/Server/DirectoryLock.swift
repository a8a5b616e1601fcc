import Glibc

/// A lock on the directory of a file: of the processes that want to create this file, one at a time does.
struct DirectoryLock {
    private let descriptor: Int32

    private static let attemptsMax = 200
    private static let attemptInterval = Duration.milliseconds(10)

    /// Takes the lock; waits for it for up to two seconds.
    static func take(forFileAt path: String) async throws -> DirectoryLock {
        let directory = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let descriptor = retryingInterrupts { open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard descriptor >= 0 else {
            throw WireListenError.system(operation: "open", path: directory, code: errno)
        }
        for _ in 0..<attemptsMax {
            if retryingInterrupts({ flock(descriptor, LOCK_EX | LOCK_NB) }) == 0 {
                return DirectoryLock(descriptor: descriptor)
            }
            do {
                try await Task.sleep(for: attemptInterval)
            } catch {
                close(descriptor)
                throw error
            }
        }
        close(descriptor)
        throw WireListenError.system(operation: "lock", path: directory, code: EWOULDBLOCK)
    }

    func release() { close(descriptor) }
}
