import Contracts
import Glibc
import TestSupport

/// Many connections, each with one call in flight, on one thread with poll(2).
struct ManyClients {
    private var clients: [FrameClient] = []
    /// The frames of each client, made beforehand and sent in turn: the cost of a client's JSON is not the service's.
    private let frames: [[[UInt8]]]

    /// - Parameter frames: the requests of a client, by its number.
    init(count: Int, path: String, frames: (Int) -> [[UInt8]]) throws {
        for _ in 0..<count { clients.append(try FrameClient(path)) }
        self.frames = (0..<count).map(frames)
    }

    /// The outcome of a load run.
    struct Outcome {
        /// Responses a second.
        var rate: Double
        /// The time from each call to its response.
        var latencies: [Duration]
    }

    /// Lets every client call again as soon as it has its response, for `duration`.
    ///
    /// - Parameter while: called after each response; false ends the load early.
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

    /// Reads the response in one system call, so that the measurement itself costs little.
    private func receiveAnswer(_ descriptor: Int32) throws {
        try withUnsafeTemporaryAllocation(byteCount: 4_096, alignment: 1) { buffer in
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            guard count > 4 else { throw FrameClient.Failure(description: "the connection ended") }
            let announced = 4 + buffer[..<4].reduce(0) { $0 << 8 | Int($1) }
            guard count == announced else { throw FrameClient.Failure(description: "an answer in pieces") }
        }
    }
}
