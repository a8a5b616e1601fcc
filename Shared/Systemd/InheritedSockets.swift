import CSystemd
import Glibc

/// The listening sockets that systemd passed to this process (sd_listen_fds_with_names(3)).
public struct InheritedSockets: Sendable {
    private let descriptorsByName: [String: Int32]

    /// No sockets.
    public static let none = InheritedSockets([:])

    private init(_ descriptorsByName: [String: Int32]) { self.descriptorsByName = descriptorsByName }

    /// Takes the sockets, close-on-exec. Only the first call gets them, and child processes do not inherit them.
    public init() {
        var names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        let count = sd_listen_fds_with_names(1, &names)
        var descriptors: [String: Int32] = [:]
        if count > 0, let names {
            for index in 0..<count {
                if let name = names[Int(index)] {
                    descriptors[String(cString: name)] = SD_LISTEN_FDS_START + index
                    free(name)
                }
            }
            free(names)
        }
        self.init(descriptors)
    }

    /// The socket with this `FileDescriptorName=`; its default is the socket unit's name.
    public func descriptor(named name: String) -> Int32? {
        descriptorsByName[name] ?? descriptorsByName["\(name).socket"]
    }
}
