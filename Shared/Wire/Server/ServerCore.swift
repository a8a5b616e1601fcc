import Glibc
import Logging
import NIOCore
import NIOPosix

/// A server's listener and connections. Used on the event loop only.
final class ServerCore {
    private let environment: ServerEnvironment
    private let policy = PeerPolicy(ownUserID: geteuid(), named: .ofThisProcess)
    private let finished: EventLoopPromise<Void>
    private var phase = Phase.unbound
    private var connections: [ObjectIdentifier: ServerConnectionHandler] = [:]
    /// Received bytes that all connections together have buffered.
    private var bufferedBytes = 0
    private var deadline: Scheduled<Void>?

    private enum Phase {
        case unbound
        case listening(ListeningSocket, any Channel)
        case stopping
        case stopped
    }

    init(environment: ServerEnvironment, finished: EventLoopPromise<Void>) {
        self.environment = environment
        self.finished = finished
    }

    deinit { finished.succeed() }

    /// Succeeds when the server accepts connections from `socket`.
    func listen(on socket: ListeningSocket) -> EventLoopFuture<Void> {
        let core = NIOLoopBound(self, eventLoop: environment.eventLoop)
        return ServerBootstrap(group: environment.eventLoop)
            .serverChannelOption(.autoRead, value: false)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        AcceptHandler(onFailure: { core.value.acceptFailed($0) }))
                }
            }
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(
                .writeBufferWaterMark,
                value: .init(low: WireLimits.outboundBytesLow, high: WireLimits.outboundBytesHigh)
            )
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try core.value.admit(channel, from: socket) }
            }
            .withBoundSocket(socket.descriptor)
            .hop(to: environment.eventLoop)
            .flatMapThrowing { channel in
                // The channel called listen() with its own backlog; set ours again.
                try UnixSocket.listen(socket.descriptor)
                try core.value.listening(on: socket, channel)
            }
            .flatMapErrorThrowing { error in
                socket.removeFile()
                throw error
            }
    }

    private func listening(on socket: ListeningSocket, _ channel: any Channel) throws {
        guard case .unbound = phase else {
            channel.close(promise: nil)
            throw WireListenError.alreadyBound
        }
        phase = .listening(socket, channel)
        let core = NIOLoopBound(self, eventLoop: environment.eventLoop)
        channel.closeFuture.whenComplete { _ in core.value.listenerClosed() }
    }

    private func listenerClosed() {
        guard case .listening = phase else { return }
        phase = .stopped
        finished.fail(ChannelError.alreadyClosed)
    }

    private func acceptFailed(_ error: any Error) {
        environment.logger.warning("cannot accept a connection", metadata: ["error": "\(error)"])
        _ = makeRoom()
    }

    // MARK: Connections

    private struct Refused: Error {}

    /// Admits a new connection, or throws; then the channel is closed before a byte is read from it.
    private func admit(_ channel: any Channel, from socket: ListeningSocket) throws {
        switch phase {
        case .unbound, .listening: break
        case .stopping, .stopped: throw Refused()
        }
        let peer = try channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: CInt.self) { descriptor in
            SocketInspection.setCloseOnExec(descriptor)
            return admittedPeer(of: descriptor, socket)
        }
        guard case .some(.some(let peer)) = peer else {
            environment.counters.peersRefused.increment()
            throw Refused()
        }
        if connections.count >= environment.configuration.connectionsMax, !makeRoom() {
            environment.logger.warning("connection refused: every connection is busy")
            throw Refused()
        }
        let handler = ServerConnectionHandler(peer: peer, environment: environment, server: self)
        try channel.pipeline.syncOperations.addHandler(handler)
        connections[ObjectIdentifier(handler)] = handler
        // Unlike `channelInactive`, this also fires for a connection that closes before it was active.
        let closing = NIOLoopBound((core: self, handler: handler), eventLoop: environment.eventLoop)
        channel.closeFuture.whenComplete { _ in closing.value.core.connectionClosed(closing.value.handler) }
        environment.counters.connections.increment()
        environment.counters.connectionsOpen.increment()
    }

    private func admittedPeer(of descriptor: Int32, _ socket: ListeningSocket) -> PeerCredentials? {
        guard let peer = SocketInspection.peer(of: descriptor) else { return nil }
        let isAdmitted = policy.admits(
            peer, socketGroup: { socket.group() },
            supplementaryGroups: { SocketInspection.supplementaryGroups(of: descriptor) })
        if !isAdmitted {
            environment.logger.warning(
                "connection refused: the user may not call",
                metadata: ["peer.uid": "\(peer.userID)", "peer.pid": "\(peer.processID)"])
        }
        return isAdmitted ? peer : nil
    }

    /// Closes the connection that has been idle longest; false when none is idle.
    private func makeRoom() -> Bool {
        let idle = connections.values.filter(\.isIdle)
        guard let longestIdle = idle.min(by: { $0.idleSince < $1.idleSince }) else { return false }
        evict(longestIdle)
        return true
    }

    /// A connection's buffered bytes changed. Above `inboundBytesMax`, closes idle connections, the one with the most
    /// buffered bytes first.
    func bufferedBytesChanged(by difference: Int) {
        bufferedBytes += difference
        while difference > 0, bufferedBytes > environment.configuration.inboundBytesMax {
            let holders = connections.values.filter { $0.isIdle && $0.bufferedBytes > 0 }
            guard let greatest = holders.max(by: { $0.bufferedBytes < $1.bufferedBytes }) else { return }
            evict(greatest)
        }
    }

    private func evict(_ handler: ServerConnectionHandler) {
        environment.counters.connectionsEvicted.increment()
        forget(handler)
        handler.evict()
    }

    private func connectionClosed(_ handler: ServerConnectionHandler) {
        forget(handler)
        finishIfDone()
    }

    private func forget(_ handler: ServerConnectionHandler) {
        guard connections.removeValue(forKey: ObjectIdentifier(handler)) != nil else { return }
        environment.counters.connectionsOpen.increment(by: -1)
    }

    // MARK: Shutdown

    func shutdown(within timeout: Duration) {
        switch phase {
        case .unbound: phase = .stopping
        case .listening(let socket, let listener):
            phase = .stopping
            socket.removeFile()
            listener.close(promise: nil)
        case .stopping, .stopped: return
        }
        let core = NIOLoopBound(self, eventLoop: environment.eventLoop)
        deadline = environment.eventLoop.scheduleTask(in: TimeAmount(timeout)) { core.value.deadlinePassed() }
        for handler in Array(connections.values) { handler.beginShutdown() }
        finishIfDone()
    }

    private func deadlinePassed() {
        guard !connections.isEmpty else { return }
        environment.logger.warning(
            "connections cut off at the shutdown's deadline", metadata: ["connections": "\(connections.count)"])
        for handler in Array(connections.values) { handler.evict() }
    }

    private func finishIfDone() {
        guard case .stopping = phase, connections.isEmpty else { return }
        phase = .stopped
        deadline?.cancel()
        finished.succeed()
    }
}
