/// The services, in the order in which they are shown.
enum RivetService: String, CaseIterable {
    case state, library, gateway

    /// As systemd knows it.
    var unit: String { "rivet-" + rawValue }
    /// The name of its socket file, without `.sock`.
    var socketName: String { rawValue }
}
