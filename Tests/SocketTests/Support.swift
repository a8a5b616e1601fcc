import Contracts
import Dispatch
import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

/// The processes of the current test, so that a failure can show their logs.
final class TestProcesses: Sendable {
    @TaskLocal static var current: TestProcesses?

    private let processes = Mutex<[RivetProcess]>([])

    func add(_ process: RivetProcess) { processes.withLock { $0.append(process) } }

    /// The last lines of each log.
    var logs: String {
        processes.withLock { $0 }.map { process in
            let lines = process.log.split(separator: "\n").suffix(40).joined(separator: "\n")
            return "--- \(process.binary.rawValue), \(process.logPath)\n\(lines)"
        }.joined(separator: "\n")
    }
}

/// For tests with processes: a test may wait for a response without delaying other tests, and a failure shows the logs.
struct WithProcesses: SuiteTrait, TestTrait, TestScoping {
    var isRecursive: Bool { true }

    @concurrent func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable @concurrent () async throws -> Void
    ) async throws {
        let processes = TestProcesses()
        let showLogs = IssueHandlingTrait.compactMapIssues { issue in
            var issue = issue
            issue.comments.append(Comment(rawValue: processes.logs))
            return issue
        }
        let executor = WaitingExecutor()
        try await TestProcesses.$current.withValue(processes) {
            try await showLogs.provideScope(for: test, testCase: testCase) {
                await withTaskExecutorPreference(executor) {
                    do { try await function() } catch {
                        // The directory is removed with the test, so the logs are read here.
                        Issue.record(error)
                    }
                }
            }
        }
    }
}

extension Trait where Self == WithProcesses {
    static var withProcesses: WithProcesses { WithProcesses() }
}

/// Runs tasks on threads that may block. The default executor has only as many threads as processors.
final class WaitingExecutor: TaskExecutor {
    private let queue = DispatchQueue(label: "waiting", attributes: .concurrent)

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = asUnownedTaskExecutor()
        queue.async { job.runSynchronously(on: executor) }
    }
}

/// A service that was started in its own temporary directory.
func running(_ binary: RivetBinary, _ environment: [String: String] = [:]) throws -> RivetProcess {
    let process = try made(binary, environment)
    try process.start()
    return process
}

/// A service that is not started yet.
func made(_ binary: RivetBinary, _ environment: [String: String] = [:], in directory: TestDirectory? = nil) throws
    -> RivetProcess
{
    let process = RivetProcess(binary, environment, in: try directory ?? TestDirectory())
    TestProcesses.current?.add(process)
    return process
}

/// Runs `body` on `count` threads at once.
func onThreads<Output: Sendable>(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Output) throws -> [Output] {
    let results = Mutex<[Int: Result<Output, any Error>]>([:])
    let group = DispatchGroup()
    for index in 0..<count {
        group.enter()
        Thread.detachNewThread {
            let result = Result { try body(index) }
            results.withLock { $0[index] = result }
            group.leave()
        }
    }
    group.wait()
    return try results.withLock { $0 }.sorted { $0.key < $1.key }.map { try $0.value.get() }
}

extension FrameClient {
    /// Makes a call and returns the error that it must fail with.
    func refusal(_ method: String, _ params: [String: JSONValue] = [:]) throws -> RPCError {
        switch try call(method, params) {
        case .success(let result): throw Failure(description: "\(method) was to be refused, and gave \(result)")
        case .failure(let error): return error
        }
    }

    /// Sends `text` in a frame and returns the whole response.
    func answer(toFrame text: String) throws -> JSONValue { try answer(toFrame: Array(text.utf8)) }

    func answer(toFrame body: [UInt8]) throws -> JSONValue {
        try sendBytes(FrameClient.frame(body))
        return try response()
    }

    /// Whether the peer closes this connection without sending anything more.
    func isClosedByPeer() throws -> Bool { try receiveBody() == nil }
}

extension JSONValue {
    var keys: Set<String> { Set(objectValue?.keys.map { $0 } ?? []) }
    subscript(index: Int) -> JSONValue? { arrayValue.flatMap { $0.indices.contains(index) ? $0[index] : nil } }
    var count: Int { arrayValue?.count ?? 0 }
}

/// The parameters of a conversation's key.
func conversation(_ user: String, chat: String? = nil, _ more: [String: JSONValue] = [:]) -> [String: JSONValue] {
    ["user_id": .string(user), "chat_id": .string(chat ?? user)].merging(more) { _, own in own }
}

/// The parameters of a save.
func saving(
    _ user: String, step: String = "nickname", data: JSONValue = [:], update: Int64? = nil,
    _ more: [String: JSONValue] = [:]
) -> [String: JSONValue] {
    var params = conversation(user, ["step": .string(step), "data": data])
    params["update_id"] = update.map(JSONValue.integer)
    return params.merging(more) { _, own in own }
}

/// The parameters of an addition.
func adding(
    _ user: String, _ nickname: String, request: String = newUUID(), _ more: [String: JSONValue] = [:]
) -> [String: JSONValue] {
    ["user_id": .string(user), "nickname": .string(nickname), "request_id": .string(request)].merging(more) { _, own in
        own
    }
}

func newUUID() -> String { UUID().uuidString.lowercased() }

/// Whether `value` is an RFC 3339 time in UTC with milliseconds.
func isTime(_ value: JSONValue?) -> Bool {
    value?.stringValue?.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil
}

func fileMode(_ path: String) -> mode_t? {
    var status = stat()
    return lstat(path, &status) == 0 ? status.st_mode & 0o777 : nil
}
