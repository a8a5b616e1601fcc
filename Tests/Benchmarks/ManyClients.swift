internal import Contracts
internal import Glibc
internal import TestSupport

/// Many connections, each with one call in flight, driven by one thread over poll(2).
struct ManyClients {
    private var clients: [FrameClient] = []
    private let frames: [[UInt8]]

    /// - Parameter frame: the request of a client, by its number.
    init(count: Int, path: String, frame: (Int) -> [UInt8]) throws {
        for _ in 0..<count { clients.append(try FrameClient(path)) }
        frames = (0..<count).map(frame)
    }

    /// Has every client call again as soon as it was answered, for `duration`.
    /// - Returns: answers a second.
    func rate(for duration: Duration) throws -> Double {
        var descriptors = clients.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
        for (client, frame) in zip(clients, frames) { try client.sendBytes(frame) }
        let start = ContinuousClock.now
        var answers = 0
        var inFlight = clients.count
        while inFlight > 0 {
            guard poll(&descriptors, nfds_t(descriptors.count), 10_000) > 0 else {
                throw FrameClient.Failure(description: "no answer within 10 s")
            }
            for index in descriptors.indices where descriptors[index].revents != 0 {
                _ = try clients[index].receiveBody()
                answers += 1
                if .now - start < duration {
                    try clients[index].sendBytes(frames[index])
                } else {
                    inFlight -= 1
                }
            }
        }
        return Double(answers) / (.now - start).seconds
    }
}
