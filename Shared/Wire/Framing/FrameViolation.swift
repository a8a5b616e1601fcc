/// A peer announced a frame that the protocol does not allow: an empty one, or one longer than `frameBytesMax`.
///
/// It is then unknown where the next frame begins, so the connection must end.
struct FrameViolation: Error, Equatable, CustomStringConvertible {
    let announcedBytes: UInt32

    var description: String {
        "frame of \(announcedBytes) bytes announced; accepted are 1 to \(WireLimits.frameBytesMax)"
    }
}
