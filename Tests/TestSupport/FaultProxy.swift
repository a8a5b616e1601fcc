import Foundation
import Glibc
import Synchronization

/// A TCP proxy on the loopback interface that disturbs PostgreSQL connections as networks do.
///
/// What networks do that it does not:
///
/// - Silence: without a network a client's bytes stay unacknowledged. Here the kernel acknowledges them, and answers
///   keepalive probes, also with `blackhole` and after `strand`; and with `blackhole` a connect succeeds. So only
///   deadlines of the program find out, never TCP's own.
/// - Loss: it loses, repeats and reorders no segments, limits no bandwidth, and sends no ICMP errors.
/// - Half-closed connections: after one side has closed, both are closed.
/// - Independence: one thread with blocking writes serves all connections, so a peer that does not read stops all of
///   them.
public final class FaultProxy: Sendable {
    /// What happens to bytes that arrive from now on.
    public enum Behaviour: Sendable, Equatable {
        case pass
        /// Each direction takes this long.
        case delay(Duration)
        /// Connections are accepted, and no byte passes in either direction.
        case blackhole
        /// Requests pass, and responses wait here until the behavior changes.
        case holdAnswers
        /// Requests pass; when the server responds, both connections are reset.
        case cutBeforeAnswer
        /// New connections are refused, and present ones are reset.
        case refuse
    }

    private struct State {
        var behaviour = Behaviour.pass
        var mustReset = false
        var mustStrand = false
        var isClosed = false
        var serverPort: UInt16
        var syncs = 0
        var unapplied: [DispatchSemaphore] = []
        var waiters: [(syncs: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    /// The state that this object and its thread share; it does not keep the proxy alive.
    private final class Shared: Sendable {
        let state: Mutex<State>

        init(serverPort: UInt16) { state = Mutex(State(serverPort: serverPort)) }
    }

    public let port: UInt16
    private let shared: Shared
    private let wakeDescriptors: (read: Int32, write: Int32)

    public init(to serverPort: UInt16) throws {
        let (listener, port) = try listeningSocket(port: 0)
        self.port = port
        shared = Shared(serverPort: serverPort)
        var pipes: [Int32] = [0, 0]
        guard pipe(&pipes) == 0 else { throw ChildProcess.Failure(description: "no pipe") }
        for descriptor in pipes {
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        }
        wakeDescriptors = (pipes[0], pipes[1])
        Thread.detachNewThread { [shared, wakeDescriptors] in
            let wake = wakeDescriptors.read
            var loop = Loop(listener: listener, port: port, serverPort: serverPort)
            while !shared.state.withLock({ $0.isClosed }) {
                loop.iterate(wake) { act in
                    let resumed = shared.state.withLock { state in
                        let command = Command(
                            behaviour: state.behaviour, mustReset: state.mustReset, mustStrand: state.mustStrand,
                            serverPort: state.serverPort)
                        (state.mustReset, state.mustStrand) = (false, false)
                        state.syncs += act(command)
                        state.unapplied.forEach { $0.signal() }
                        state.unapplied = []
                        let due = state.waiters.filter { $0.syncs <= state.syncs }
                        state.waiters.removeAll { $0.syncs <= state.syncs }
                        return due
                    }
                    resumed.forEach { $0.continuation.resume() }
                }
            }
            loop.end()
            Glibc.close(wakeDescriptors.read)
            Glibc.close(wakeDescriptors.write)
        }
    }

    deinit { close() }

    public func close() { change { $0.isClosed = true } }
    public func set(_ behaviour: Behaviour) { change { $0.behaviour = behaviour } }
    /// Resets (RST) every present connection.
    public func reset() { change { $0.mustReset = true } }

    /// Connects new clients to another server, and ends the present connections: a failover.
    public func lead(to serverPort: UInt16) {
        change { state in
            state.serverPort = serverPort
            state.mustReset = true
        }
    }

    /// No byte passes on the present connections any more, without any notice: a router has forgotten them.
    public func strand() { change { $0.mustStrand = true } }

    /// The number of transactions (Syncs) that clients have ended since the start. It counts none with TLS.
    public var syncs: Int { shared.state.withLock { $0.syncs } }

    /// Returns after clients have ended `syncs` transactions.
    public func sent(syncs: Int) async {
        await withCheckedContinuation { continuation in
            let isThere = shared.state.withLock { state in
                if state.syncs < syncs { state.waiters.append((syncs, continuation)) }
                return state.syncs >= syncs
            }
            if isThere { continuation.resume() }
        }
    }

    /// Returns after the thread has applied the change.
    private func change(_ body: (inout State) -> Void) {
        let applied = DispatchSemaphore(value: 0)
        shared.state.withLock { state in
            guard !state.isClosed else {
                applied.signal()
                return
            }
            body(&state)
            if state.isClosed { applied.signal() } else { state.unapplied.append(applied) }
            _ = write(wakeDescriptors.write, [1], 1)
        }
        applied.wait()
    }
}

extension FaultProxy {
    /// The requests to the thread.
    private struct Command {
        var behaviour: Behaviour
        var mustReset: Bool
        var mustStrand: Bool
        var serverPort: UInt16
    }

    /// The proxy's thread.
    private struct Loop {
        struct Pair {
            var client: Int32
            var server: Int32
            var toServer: [(due: Double, bytes: [UInt8])] = []
            var toClient: [(due: Double, bytes: [UInt8])] = []
            var counter = SyncCounter()
            var isEnding = false
            var isStranded = false
        }

        var listener: Int32
        let port: UInt16
        var serverPort: UInt16
        var pairs: [Pair] = []
        var behaviour = Behaviour.pass

        init(listener: Int32, port: UInt16, serverPort: UInt16) {
            self.listener = listener
            self.port = port
            self.serverPort = serverPort
        }

        /// - Parameter exchange: calls its argument with the present requests; the argument returns the number of new
        ///   Syncs.
        mutating func iterate(_ wake: Int32, _ exchange: (_ act: (Command) -> Int) -> Void) {
            var polled = [pollfd(fd: wake, events: Int16(POLLIN), revents: 0)]
            polled.append(pollfd(fd: listener, events: Int16(POLLIN), revents: 0))
            let isHoled = behaviour == .blackhole
            for pair in pairs {
                let isDeaf = isHoled || pair.isEnding || pair.isStranded
                for descriptor in [pair.client, pair.server] {
                    polled.append(pollfd(fd: isDeaf ? -1 : descriptor, events: Int16(POLLIN), revents: 0))
                }
            }
            let due = pairs.flatMap { [$0.toServer.first?.due, isHolding ? nil : $0.toClient.first?.due] }
                .compactMap { $0 }.min()
            let milliseconds = due.flatMap { isHoled ? nil : Int32((max(0, $0 - Self.now) * 1_000).rounded(.up)) }
            _ = poll(&polled, nfds_t(polled.count), milliseconds ?? -1)
            var buffer = [UInt8](repeating: 0, count: 65_536)
            if polled[0].revents != 0 { _ = read(wake, &buffer, buffer.count) }
            exchange { command in
                self.change(command)
                var syncs = 0
                guard behaviour != .blackhole else { return 0 }
                for index in pairs.indices where !pairs[index].isStranded {
                    for (offset, isClient) in [(0, true), (1, false)] {
                        let entry = 2 + 2 * index + offset
                        guard entry < polled.count, polled[entry].revents != 0 else { continue }
                        let count = read(polled[entry].fd, &buffer, buffer.count)
                        syncs += self.arrived(isClient ? .client : .server, index, Array(buffer[..<max(0, count)]))
                    }
                }
                return syncs
            }
            if polled[1].revents != 0 { accept() }
            forward()
        }

        enum Side { case client, server }

        private var isHolding: Bool { behaviour == .holdAnswers }

        private static var now: Double {
            var time = timespec()
            clock_gettime(CLOCK_MONOTONIC, &time)
            return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
        }

        private mutating func change(_ command: Command) {
            let new = command.behaviour
            serverPort = command.serverPort
            if command.mustStrand {
                for index in pairs.indices {
                    pairs[index].isStranded = true
                    (pairs[index].toServer, pairs[index].toClient) = ([], [])
                }
            }
            if command.mustReset || (new == .refuse && behaviour != .refuse) {
                for index in pairs.indices { cut(index) }
            }
            if new == .refuse, listener >= 0 {
                Glibc.close(listener)
                listener = -1
            } else if new != .refuse, listener < 0 {
                listener = (try? listeningSocket(port: port).descriptor) ?? -1
            }
            behaviour = new
        }

        private mutating func arrived(_ side: Side, _ index: Int, _ bytes: [UInt8]) -> Int {
            guard !bytes.isEmpty else {
                pairs[index].isEnding = true
                return 0
            }
            var wait = 0.0
            if case .delay(let duration) = behaviour { wait = duration / .seconds(1) }
            switch side {
            case .client:
                pairs[index].toServer.append((Self.now + wait, bytes))
                return pairs[index].counter.count(bytes)
            case .server:
                if behaviour == .cutBeforeAnswer {
                    cut(index)
                } else {
                    pairs[index].toClient.append((Self.now + wait, bytes))
                }
                return 0
            }
        }

        private mutating func forward() {
            let now = Self.now
            for index in pairs.indices where pairs[index].client >= 0 {
                while let (due, bytes) = pairs[index].toServer.first, due <= now {
                    pairs[index].toServer.removeFirst()
                    Self.send(pairs[index].server, bytes)
                }
                while !isHolding, let (due, bytes) = pairs[index].toClient.first, due <= now {
                    pairs[index].toClient.removeFirst()
                    Self.send(pairs[index].client, bytes)
                }
                if pairs[index].isEnding, pairs[index].toServer.isEmpty, pairs[index].toClient.isEmpty {
                    Glibc.close(pairs[index].client)
                    Glibc.close(pairs[index].server)
                    pairs[index].client = -1
                }
            }
            pairs.removeAll { $0.client < 0 }
        }

        private mutating func cut(_ index: Int) {
            guard pairs[index].client >= 0 else { return }
            // Closed with a linger time of zero, a socket is reset.
            var linger = Glibc.linger(l_onoff: 1, l_linger: 0)
            for descriptor in [pairs[index].client, pairs[index].server] {
                setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
                Glibc.close(descriptor)
            }
            pairs[index].client = -1
        }

        private mutating func accept() {
            while true {
                let client = Glibc.accept(listener, nil, nil)
                guard client >= 0 else { return }
                _ = fcntl(client, F_SETFD, FD_CLOEXEC)
                let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
                var address = loopbackAddress(serverPort)
                let code = withUnsafeMutablePointer(to: &address) { pointer in
                    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                    }
                }
                guard code == 0 else {
                    Glibc.close(client)
                    Glibc.close(server)
                    continue
                }
                var on: Int32 = 1
                for descriptor in [client, server] {
                    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
                }
                pairs.append(Pair(client: client, server: server))
            }
        }

        private static func send(_ descriptor: Int32, _ bytes: [UInt8]) {
            var sent = 0
            while sent < bytes.count {
                let count = bytes[sent...].withUnsafeBytes {
                    Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { return }
                sent += count
            }
        }

        func end() {
            for pair in pairs where pair.client >= 0 {
                Glibc.close(pair.client)
                Glibc.close(pair.server)
            }
            if listener >= 0 { Glibc.close(listener) }
        }
    }

    /// Counts the Syncs that a client sends without TLS (PostgreSQL manual, "Message Formats").
    private struct SyncCounter {
        private var pending: [UInt8] = []
        private var hasStarted = false

        mutating func count(_ bytes: [UInt8]) -> Int {
            pending += bytes
            var syncs = 0
            var position = 0
            while true {
                let typeSize = hasStarted ? 1 : 0
                guard position + typeSize + 4 <= pending.count else { break }
                let length = pending[(position + typeSize)..<(position + typeSize + 4)].reduce(0) { $0 << 8 | Int($1) }
                guard position + typeSize + length <= pending.count else { break }
                if hasStarted, pending[position] == UInt8(ascii: "S") { syncs += 1 }
                // A startup message is longer than 16 bytes; requests for TLS or to cancel are not.
                if !hasStarted { hasStarted = length > 16 }
                position += typeSize + length
            }
            pending.removeFirst(position)
            return syncs
        }
    }
}
