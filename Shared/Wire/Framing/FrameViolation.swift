/// A peer announced a frame that the protocol has not: an empty one, or one that is longer than `frameBytesMax`.
///
/// Where the next frame begins is unknown then, so the connection cannot go on.
struct FrameViolation: Error, Equatable, CustomStringConvertible {
    let announcedBytes: UInt32

    var description: String {
        "frame of \(announcedBytes) bytes announced; accepted are 1 to \(WireLimits.frameBytesMax)"
    }
}
