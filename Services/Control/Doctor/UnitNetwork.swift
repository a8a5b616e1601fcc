import Glibc

/// Checks whether a unit with PostgreSQL tiers may use the network. Without a linked drop-in, the shipped units may
/// not.
enum UnitNetwork {
    /// The properties of systemd that show it.
    static let properties = "PrivateNetwork,RestrictAddressFamilies,IPAddressDeny,IPAddressAllow"
    private static let dropIn = "rivet/remote-tiers.conf"

    /// - Parameters:
    ///   - unit: its properties.
    ///   - tiers: the tiers that are reached over a network.
    static func troubles(_ unit: [String: String], tiers: [String]) -> [Finding] {
        guard !tiers.isEmpty, let name = unit["Id"],
            RivetService.storing.contains(where: { "\($0.unit).service" == name }),
            let restriction = restriction(unit)
        else { return [] }
        let directory = "/etc/systemd/system/\(name).d"
        return [
            .failure(
                name,
                "it may not use the network (\(restriction)), over which \(tiers.joined(separator: ", ")) "
                    + "\(tiers.count == 1 ? "is" : "are") reached: remote-tiers.conf is not linked",
                nextStep: "install -d \(directory) && ln -sf \(dropInPath) \(directory)/ && systemctl daemon-reload && "
                    + "systemctl restart \(name)")
        ]
    }

    /// The unit's setting that blocks the network; nil if none does.
    private static func restriction(_ unit: [String: String]) -> String? {
        if unit["PrivateNetwork"] == "yes" { return "PrivateNetwork=yes" }
        let families = (unit["RestrictAddressFamilies"] ?? "").split(separator: " ")
        let isDenyList = families.first?.hasPrefix("~") == true
        let namesInternet = families.contains { $0 == "AF_INET" || $0 == "~AF_INET" }
        if !families.isEmpty, namesInternet == isDenyList {
            return "RestrictAddressFamilies=" + families.joined(separator: " ")
        }
        let denied = (unit["IPAddressDeny"] ?? "").split(separator: " ")
        if denied.contains("0.0.0.0/0"), (unit["IPAddressAllow"] ?? "").isEmpty { return "IPAddressDeny=any" }
        return nil
    }

    /// The path of the drop-in in this installation.
    private static var dropInPath: String {
        ["/usr/share/\(dropIn)", "/usr/local/share/\(dropIn)"].first { access($0, F_OK) == 0 } ?? "/usr/share/\(dropIn)"
    }
}
