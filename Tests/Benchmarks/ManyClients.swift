import Contracts
import Glibc
import TestSupport

/// Many connections, each with one call in flight, driven by one thread over poll(2).
struct ManyClients {
    private var clients: [FrameClient] = []
    /// Those of each client, made beforehand and sent in turn: what a client's JSON costs is not the service's.
    private let frames: [[[UInt8]]]

    /// - Parameter frames: the requests of a client, by its number.
    init(count: Int, path: String, frames: (Int) -> [[UInt8]]) throws {
        for _ in 0..<count { clients.append(try FrameClient(path)) }
        self.frames = (0..<count).map(frames)
    }

    /// What came of a load.
    struct Outcome {
        /// Answers a second.
        var rate: Double
        /// From each call to its answer.
        var latencies: [Duration]
    }

    /// Has every client call again as soon as it was answered, for `duration`.
    ///
    /// - Parameter while: asked after each answer; false ends it early.
    func run(for duration: Duration, while isWanted: () -> Bool = { true }) throws -> Outcome {
        var descriptors = clients.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
        var sentAt: [ContinuousClock.Instant] = []
        var next = clients.map { _ in 1 }
        let start = ContinuousClock.now
        for (client, frames) in zip(clients, frames) {
            sentAt.append(.now)
            try client.sendBytes(frames[0])
        }
        var latencies: [Duration] = []
        var inFlight = clients.count
        while inFlight > 0 {
            guard poll(&descriptors, nfds_t(descriptors.count), 10_000) > 0 else {
                throw FrameClient.Failure(description: "no answer within 10 s")
            }
            for index in descriptors.indices where descriptors[index].revents != 0 {
                try receiveAnswer(descriptors[index].fd)
                let now = ContinuousClock.now
                latencies.append(now - sentAt[index])
                if now - start < duration, isWanted() {
                    sentAt[index] = now
                    try clients[index].sendBytes(frames[index][next[index] % frames[index].count])
                    next[index] += 1
                } else {
                    inFlight -= 1
                }
            }
        }
        return Outcome(rate: Double(latencies.count) / (.now - start).seconds, latencies: latencies)
    }

    /// Reads what has come, in one system call, so that the measuring costs little of what is measured.
    private func receiveAnswer(_ descriptor: Int32) throws {
        try withUnsafeTemporaryAllocation(byteCount: 4_096, alignment: 1) { buffer in
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            guard count > 4 else { throw FrameClient.Failure(description: "the connection ended") }
            let announced = 4 + buffer[..<4].reduce(0) { $0 << 8 | Int($1) }
            guard count == announced else { throw FrameClient.Failure(description: "an answer in pieces") }
        }
    }
}
