/// The services, in the order in which they are shown.
enum RivetService: String, CaseIterable {
    case state, library, gateway

    /// The services that have tiers.
    static let storing: [RivetService] = [.state, .library]

    /// The name of its systemd unit, without `.service`.
    var unit: String { "rivet-" + rawValue }
    /// The name of its socket file, without `.sock`.
    var socketName: String { rawValue }
}
