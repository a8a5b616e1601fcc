import Logging
import NIOCore

/// The objects that all connections of a server share.
struct ServerEnvironment: Sendable {
    let eventLoop: any EventLoop
    let executor: EventLoopTaskExecutor
    let configuration: WireServer.Configuration
    let handler: any CallHandler
    let counters: LiveCounters
    let logger: Logger
}
