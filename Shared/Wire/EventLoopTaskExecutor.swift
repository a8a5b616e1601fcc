import NIOCore

/// Runs tasks on an event loop, so that code which awaits on the loop's behalf does not change threads for it.
///
/// Order: jobs run in the order in which they were enqueued, after what the loop is doing now.
final class EventLoopTaskExecutor: TaskExecutor {
    private let eventLoop: any EventLoop

    init(_ eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        eventLoop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
