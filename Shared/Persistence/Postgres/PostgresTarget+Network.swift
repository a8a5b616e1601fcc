extension PostgresTarget {
    /// Whether reaching it needs a network, even if only the loopback; false for a Unix socket.
    public var needsNetwork: Bool { hasAddresses || hosts.contains { !$0.isUnixSocket } }
}
