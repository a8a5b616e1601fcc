/// The services, in the order in which they are shown.
enum RivetService: String, CaseIterable {
    case state, library, gateway

    /// Those that have tiers.
    static let storing: [RivetService] = [.state, .library]

    /// As systemd knows it.
    var unit: String { "rivet-" + rawValue }
    /// The name of its socket file, without `.sock`.
    var socketName: String { rawValue }
}
